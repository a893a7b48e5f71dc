/** `stas-sim shrink`: the smallest scenario that fails as a given one does. */
import type { Command } from "commander";
import { formatFailure } from "../report/text.js";
import { formatScenario } from "../scenario/write.js";
import { shrinkScenario, textOf } from "../shrink/shrink.js";
import { EXIT, loadOne, type Terminal } from "./terminal.js";

interface ShrinkFlags {
  readonly until?: string;
}

/** Prints the smaller scenario on the standard output, and what it shows on the other. */
function shrink(file: string, flags: ShrinkFlags, terminal: Terminal): number {
  const scenario = loadOne(file, "shrink", terminal);
  if (typeof scenario === "number") return scenario;
  const shrunk = shrinkScenario(scenario, flags);
  if (shrunk.kind === "does-not-fail") {
    terminal.err(shrunk.failures.length === 0 ? `${file} does not fail` : `${file} does not fail there. It fails at:`);
    for (const failure of shrunk.failures) terminal.err(`  ${textOf(failure)}`);
    return EXIT.usage;
  }
  terminal.out(formatScenario(shrunk.scenario));
  terminal.err(formatFailure(shrunk.failure, terminal.paint));
  const steps = `${String(shrunk.scenario.timeline.length)} of ${String(scenario.timeline.length)} steps are left`;
  terminal.err(terminal.paint.dim(`${steps} after ${String(shrunk.runs)} runs`));
  return EXIT.pass;
}

/** Adds the command to the program. */
export function addShrink(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  program
    .command("shrink")
    .description("prints the smallest scenario that fails as this one does")
    .argument("<file>", "a scenario file that fails")
    .option("--until <text>", "which failure must remain: a part of its oracle, expectation or observation")
    .exitOverride()
    .action((file: string, flags: ShrinkFlags) => {
      finish(shrink(file, flags, terminal));
    });
}
