/** The program of a CDC in a process of its own: see process.ts. */
import { serveCdc } from "./wire.js";

await serveCdc(process.stdin, process.stdout);
