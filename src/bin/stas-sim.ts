#!/usr/bin/env node
/** `stas-sim`: replays scenarios, and explains them. */
import { fileURLToPath } from "node:url";
import pc from "picocolors";
import { runCommandLine } from "../harness/cli.js";

/** The scenarios of the package: two folders above `dist/bin`, and above `src/bin`. */
const OWN_SCENARIOS = fileURLToPath(new URL("../../sim/scenarios", import.meta.url));

/** Ends quietly when the reader of our output is gone (`| head`). */
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  bar: process.stdout.isTTY && process.stderr.isTTY ? process.stderr : undefined,
  paint: pc,
  ownScenarios: OWN_SCENARIOS,
});
