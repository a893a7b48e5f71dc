/** The command line of `stas-sim`. It replays and explains scenarios. */
import { createWriteStream } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { formatProblem, loadScenarios } from "./load.js";
import { jsonReport } from "./report/json.js";
import { barProgress, lineProgress, type Progress, SILENT_PROGRESS } from "./report/progress.js";
import { formatFailure, formatStopped, formatTable, type Paint } from "./report/text.js";
import { overallVerdict, type ScenarioResult, type Verdict } from "./result.js";
import { runScenario, stopAt } from "./run/run-scenario.js";
import { textOf, shrinkScenario } from "./shrink/shrink.js";
import { formatScenario } from "./scenario/write.js";
import { parseDuration } from "./scenario/duration.js";
import type { Scenario } from "./scenario/types.js";
import { installTripwire } from "./tripwire.js";
import type { Milliseconds } from "../core/domain/units.js";

/** Exit statuses: those of sysexits.h if it has one. */
export const EXIT = { pass: 0, fail: 1, inconclusive: 2, usage: 64, badFile: 65 } as const;

interface RunFlags {
  readonly seed?: number;
  readonly json?: boolean;
  readonly trace?: string;
  readonly once?: boolean;
}

/** Where a command line writes. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Where to draw a progress bar; `undefined` without a terminal. */
  readonly bar: NodeJS.WriteStream | undefined;
  readonly paint: Paint;
  /** The folder of the package's own scenarios. */
  readonly ownScenarios: string;
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d{1,10}$/.test(text) && seed <= 0xffff_ffff) return seed;
  throw new InvalidArgumentError("It must be a whole number from 0 to 4294967295.");
}

function parseTime(text: string): Milliseconds {
  const time = parseDuration(text);
  if (time !== undefined) return time;
  throw new InvalidArgumentError("It must be a time such as 61s, 2.5s or 10m.");
}

/** Reads all scenarios. If any has a problem, prints the problems and returns `undefined`, so that nothing runs. */
function load(paths: readonly string[], terminal: Terminal): readonly Scenario[] | undefined {
  const { scenarios, problems } = loadScenarios(paths);
  for (const problem of problems) terminal.err(formatProblem(problem));
  return problems.length === 0 ? scenarios : undefined;
}

function progressFor(flags: RunFlags, count: number, terminal: Terminal): Progress {
  if (flags.json === true) return SILENT_PROGRESS;
  return terminal.bar === undefined
    ? lineProgress((line) => {
        terminal.out(line);
      })
    : barProgress(count, terminal.bar);
}

/** Lines per write: a whole trace can exceed the maximum length of a string. */
const TRACE_LINES_PER_WRITE = 10_000;

async function writeTrace(file: string, lines: readonly string[]): Promise<void> {
  const stream = createWriteStream(file);
  await new Promise<void>((done, failed) => {
    stream.on("error", failed).on("finish", done);
    for (let at = 0; at < lines.length; at += TRACE_LINES_PER_WRITE) {
      stream.write(`${lines.slice(at, at + TRACE_LINES_PER_WRITE).join("\n")}\n`);
    }
    stream.end();
  });
}

function runAll(scenarios: readonly Scenario[], flags: RunFlags, terminal: Terminal): readonly ScenarioResult[] {
  const progress = progressFor(flags, scenarios.length, terminal);
  // Once for all scenarios: to install it for each run costs more than many runs take.
  const removeTripwire = installTripwire();
  try {
    return scenarios.map((scenario) => {
      progress.begin(scenario.title);
      const result = runScenario(scenario, {
        ...(flags.seed === undefined ? {} : { seed: flags.seed }),
        once: flags.once ?? false,
        keepTrace: flags.trace !== undefined,
        onProgress: (share) => {
          progress.moved(share);
        },
      });
      progress.end(`${result.verdict} ${result.file}`);
      return result;
    });
  } finally {
    removeTripwire();
    progress.stop();
  }
}

async function run(paths: readonly string[], flags: RunFlags, terminal: Terminal): Promise<number> {
  const scenarios = load(paths.length === 0 ? [terminal.ownScenarios] : paths, terminal);
  if (scenarios === undefined) return EXIT.badFile;
  if (flags.trace !== undefined && scenarios.length !== 1) {
    terminal.err(`error: --trace takes one scenario, not ${String(scenarios.length)}`);
    return EXIT.usage;
  }
  const results = runAll(scenarios, flags, terminal);
  if (flags.trace !== undefined) await writeTrace(flags.trace, results[0]?.trace ?? []);
  if (flags.json === true) terminal.out(JSON.stringify(jsonReport(results), undefined, 2));
  else {
    terminal.out(formatTable(results, terminal.paint));
    for (const result of results)
      for (const failure of result.failures) terminal.out(`\n${formatFailure(failure, terminal.paint)}`);
    for (const result of results) if (result.verdict !== "pass") terminal.out(formatReplay(result, terminal.paint));
  }
  const verdict: Verdict = overallVerdict(results.map((result) => result.verdict));
  return EXIT[verdict];
}

/** The command that repeats a run. The seed is part of it. */
function formatReplay({ file, seed }: ScenarioResult, paint: Paint): string {
  return paint.dim(`replay: stas-sim run ${file} --seed ${String(seed)}`);
}

function explain(file: string, at: Milliseconds, flags: Pick<RunFlags, "seed">, terminal: Terminal): number {
  const scenarios = load([file], terminal);
  const scenario = scenarios?.[0];
  if (scenario === undefined) return EXIT.badFile;
  if (scenarios?.length !== 1) {
    terminal.err(`error: explain takes one scenario, not ${String(scenarios?.length)}`);
    return EXIT.usage;
  }
  if (at > scenario.until) terminal.err(`the scenario ends at ${String(scenario.until / 1000)} s`);
  const seed = flags.seed === undefined ? {} : { seed: flags.seed };
  terminal.out(terminal.paint.bold(`${scenario.title} (${scenario.file})`));
  terminal.out(formatStopped(stopAt(scenario, at, seed), terminal.paint));
  return EXIT.pass;
}

/** Prints the smaller scenario on the standard output, and what it shows on the other. */
function shrink(file: string, flags: { readonly until?: string }, terminal: Terminal): number {
  const scenarios = load([file], terminal);
  const scenario = scenarios?.[0];
  if (scenario === undefined) return EXIT.badFile;
  if (scenarios?.length !== 1) {
    terminal.err(`error: shrink takes one scenario, not ${String(scenarios?.length)}`);
    return EXIT.usage;
  }
  const shrunk = shrinkScenario(scenario, flags.until === undefined ? {} : { until: flags.until });
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

function program(terminal: Terminal, finish: (status: number) => void): Command {
  const command = new Command("stas-sim")
    .description("Replays scenarios around the daemon's own core: a host, its kernel, its network and its storage.")
    .configureOutput({
      writeOut: (text) => {
        terminal.out(text.trimEnd());
      },
      writeErr: (text) => {
        terminal.err(text.trimEnd());
      },
    })
    .exitOverride();
  command
    .command("run")
    .description("runs each scenario twice and compares the two traces")
    .argument("[path...]", "scenario files or folders (default: the scenarios of the package)")
    .option("--seed <n>", "overrides the seed in the file", parseSeed)
    .option("--json", "prints the report as JSON")
    .option("--trace <file>", "writes the trace of a single scenario to a file")
    .option("--once", "runs each scenario once, without the comparison")
    .exitOverride()
    .action(async (paths: string[], flags: RunFlags) => {
      finish(await run(paths, flags, terminal));
    });
  command
    .command("explain")
    .description("prints what each controller is doing at a given time, and why")
    .argument("<file>", "a scenario file")
    .requiredOption("--at <time>", "the time, such as 61s", parseTime)
    .option("--seed <n>", "overrides the seed in the file", parseSeed)
    .exitOverride()
    .action((file: string, flags: { readonly at: Milliseconds; readonly seed?: number }) => {
      finish(explain(file, flags.at, flags, terminal));
    });
  command
    .command("shrink")
    .description("prints the smallest scenario that fails as this one does")
    .argument("<file>", "a scenario file that fails")
    .option("--until <text>", "which failure must remain: a part of its oracle, expectation or observation")
    .exitOverride()
    .action((file: string, flags: { readonly until?: string }) => {
      finish(shrink(file, flags, terminal));
    });
  return command;
}

/** Runs a command line (without the program's name) and returns the exit status. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let status: number = EXIT.pass;
  try {
    await program(terminal, (answer) => {
      status = answer;
    }).parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    status = error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  }
  return status;
}
