/** `stas-sim fuzz`: runs generated worlds, and brings home what fails as small scenarios. */
import type { Command } from "commander";
import { type FuzzFlags, JOBS_MAX, RUNS_USUAL, SEED_MAX } from "../fuzz/bounds.js";
import { parseCount, parseSeed, parseTime, type Terminal } from "./terminal.js";

/** Adds the command to the program. */
export function addFuzz(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  program
    .command("fuzz")
    .description("runs generated worlds, and prints what fails as small scenarios")
    .option("--seed <n>", "the first seed", parseSeed, 0)
    .option("--runs <n>", `how many seeds to run (default: ${String(RUNS_USUAL)})`, parseCount(1, SEED_MAX))
    .option("--time <time>", "how long to run, such as 60s or 8h", parseTime)
    .option("--jobs <n>", "threads", parseCount(1, JOBS_MAX), 1)
    .option("--out <folder>", "where to write the scenarios")
    .option("--json", "prints the report as JSON")
    .exitOverride()
    .action(async (flags: FuzzFlags) => {
      const { fuzz } = await import("./fuzz-campaign.js");
      finish(await fuzz(flags, terminal));
    });
}
