/** The command line of `stas-sim`. It replays and explains scenarios. */
import { createWriteStream } from "node:fs";
import { Command, CommanderError } from "commander";
import type { Milliseconds } from "../core/domain/units.js";
import { addFuzz } from "./commands/fuzz.js";
import { addShrink } from "./commands/shrink.js";
import { EXIT, load, loadOne, parseSeed, parseTime, type Terminal } from "./commands/terminal.js";
import { jsonReport } from "./report/json.js";
import { barProgress, lineProgress, type Progress, SILENT_PROGRESS } from "./report/progress.js";
import { formatFailure, formatStopped, formatTable, type Paint } from "./report/text.js";
import { overallVerdict, type ScenarioResult, type Verdict } from "./result.js";
import { runScenario, stopAt } from "./run/run-scenario.js";
import type { Scenario } from "./scenario/types.js";
import { installTripwire } from "./tripwire.js";

interface RunFlags {
  readonly seed?: number;
  readonly json?: boolean;
  readonly trace?: string;
  readonly once?: boolean;
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
  const scenario = loadOne(file, "explain", terminal);
  if (typeof scenario === "number") return scenario;
  if (at > scenario.until) terminal.err(`the scenario ends at ${String(scenario.until / 1000)} s`);
  const seed = flags.seed === undefined ? {} : { seed: flags.seed };
  terminal.out(terminal.paint.bold(`${scenario.title} (${scenario.file})`));
  terminal.out(formatStopped(stopAt(scenario, at, seed), terminal.paint));
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
  addShrink(command, terminal, finish);
  addFuzz(command, terminal, finish);
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
