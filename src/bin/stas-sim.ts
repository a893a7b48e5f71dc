#!/usr/bin/env node
/** `stas-sim`: replays scenarios, and explains them. */
import { createWriteStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { formatProblem, loadScenarios } from "../harness/load.js";
import { jsonReport } from "../harness/report/json.js";
import { barProgress, lineProgress, type Progress, SILENT_PROGRESS } from "../harness/report/progress.js";
import { formatFailure, formatStopped, formatTable } from "../harness/report/text.js";
import { overallVerdict, type ScenarioResult, type Verdict } from "../harness/result.js";
import { runScenario, stopAt } from "../harness/run.js";
import { parseDuration } from "../harness/scenario/duration.js";
import type { Scenario } from "../harness/scenario/types.js";
import { installTripwire } from "../harness/tripwire.js";
import type { Milliseconds } from "../core/domain/units.js";

/** Exit statuses, those of sysexits.h where it has one. */
const EXIT = { pass: 0, fail: 1, inconclusive: 2, usage: 64, badFile: 65 } as const;

/** The scenarios that come with the package: `sim/scenarios`, from `dist/bin` as from `src/bin`. */
const OWN_SCENARIOS = fileURLToPath(new URL("../../sim/scenarios", import.meta.url));

interface RunFlags {
  readonly seed?: number;
  readonly json?: boolean;
  readonly trace?: string;
  readonly once?: boolean;
}

/** A reader of our output that went away (`| head`) ends us quietly; there is nobody left to tell. */
function survivePipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(process.exitCode ?? EXIT.pass);
      throw error;
    });
  }
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const complain = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d{1,10}$/.test(text) && seed <= 0xffff_ffff) return seed;
  throw new InvalidArgumentError("It is a whole number from 0 to 4294967295.");
}

function parseTime(text: string): Milliseconds {
  const time = parseDuration(text);
  if (time !== undefined) return time;
  throw new InvalidArgumentError("It is a time such as 61s, 2.5s or 10m.");
}

/** Reads all scenarios, or says what is wrong with them and answers `undefined`: then nothing runs. */
function load(paths: readonly string[]): readonly Scenario[] | undefined {
  const { scenarios, problems } = loadScenarios(paths);
  for (const problem of problems) complain(formatProblem(problem));
  return problems.length === 0 ? scenarios : undefined;
}

function progressFor(flags: RunFlags, count: number): Progress {
  if (flags.json === true) return SILENT_PROGRESS;
  return process.stdout.isTTY ? barProgress(count, process.stderr) : lineProgress(say);
}

/** Lines written at once: a whole trace in one string can exceed what a string may hold. */
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

function runAll(scenarios: readonly Scenario[], flags: RunFlags): readonly ScenarioResult[] {
  const progress = progressFor(flags, scenarios.length);
  // Once for the whole corpus: installing it for each run costs more than many a run.
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

async function run(paths: readonly string[], flags: RunFlags): Promise<number> {
  const scenarios = load(paths.length === 0 ? [OWN_SCENARIOS] : paths);
  if (scenarios === undefined) return EXIT.badFile;
  if (flags.trace !== undefined && scenarios.length !== 1) {
    complain(`error: --trace takes one scenario, not ${String(scenarios.length)}`);
    return EXIT.usage;
  }
  const results = runAll(scenarios, flags);
  if (flags.trace !== undefined) await writeTrace(flags.trace, results[0]?.trace ?? []);
  if (flags.json === true) say(JSON.stringify(jsonReport(results), undefined, 2));
  else {
    say(formatTable(results, pc));
    for (const result of results) for (const failure of result.failures) say(`\n${formatFailure(failure, pc)}`);
    for (const result of results) if (result.verdict !== "pass") say(formatReplay(result));
  }
  const verdict: Verdict = overallVerdict(results.map((result) => result.verdict));
  return EXIT[verdict];
}

/** How to see it again: the seed is part of what ran. */
function formatReplay({ file, seed }: ScenarioResult): string {
  return pc.dim(`replay: stas-sim run ${file} --seed ${String(seed)}`);
}

function explain(file: string, at: Milliseconds, flags: Pick<RunFlags, "seed">): number {
  const scenarios = load([file]);
  const scenario = scenarios?.[0];
  if (scenario === undefined) return EXIT.badFile;
  if (scenarios?.length !== 1) {
    complain(`error: explain takes one scenario, not ${String(scenarios?.length)}`);
    return EXIT.usage;
  }
  if (at > scenario.until) complain(`the scenario ends at ${String(scenario.until / 1000)} s`);
  const seed = flags.seed === undefined ? {} : { seed: flags.seed };
  say(pc.bold(`${scenario.title} (${scenario.file})`));
  say(formatStopped(stopAt(scenario, at, seed), pc));
  return EXIT.pass;
}

function program(finish: (status: number) => void): Command {
  const command = new Command("stas-sim")
    .description("Replays scenarios of a host, its kernel, its network and its storage around the daemon's own core.")
    .exitOverride();
  command
    .command("run")
    .description("runs scenarios, each twice, and compares the two traces")
    .argument("[path...]", "scenario files, or folders of them (default: those of the package)")
    .option("--seed <n>", "instead of the seed in the file", parseSeed)
    .option("--json", "prints the report as JSON")
    .option("--trace <file>", "writes the trace of the one scenario to a file")
    .option("--once", "runs each once only, without the comparison")
    .exitOverride()
    .action(async (paths: string[], flags: RunFlags) => {
      finish(await run(paths, flags));
    });
  command
    .command("explain")
    .description("prints what every controller was doing at a time, and why")
    .argument("<file>", "a scenario file")
    .requiredOption("--at <time>", "when, such as 61s", parseTime)
    .option("--seed <n>", "instead of the seed in the file", parseSeed)
    .exitOverride()
    .action((file: string, flags: { readonly at: Milliseconds; readonly seed?: number }) => {
      finish(explain(file, flags.at, flags));
    });
  return command;
}

/** Runs the command line; answers the exit status. */
async function main(args: readonly string[]): Promise<number> {
  let status: number = EXIT.pass;
  try {
    await program((answer) => {
      status = answer;
    }).parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    status = error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  }
  return status;
}

survivePipes();
process.exitCode = await main(process.argv.slice(2));
