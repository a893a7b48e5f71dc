/** A thread of a campaign: gets seeds, and returns what they showed. */
import { parentPort } from "node:worker_threads";
import type { Ask } from "./runners.js";
import { runSeed } from "./seed.js";

parentPort?.on("message", (seed: Ask) => {
  parentPort?.postMessage(runSeed(seed));
});
