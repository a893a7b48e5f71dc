/** The program of a CDC in a separate process: see process.ts. */
import { serveCdc } from "./wire.js";

await serveCdc(process.stdin, process.stdout);
