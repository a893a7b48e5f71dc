/** The words of the list of expectations, in the order of the reference. */
import { connected } from "./connected.js";

export const EXPECTATIONS = [connected] as const;
