/** The words of the time line, in the order of the reference. */
import { link } from "./link.js";
import { listener } from "./listener.js";
import { removeDevice } from "./remove-device.js";

export const STEPS = [link, listener, removeDevice] as const;
