/** Tries a mutant: its scenario must pass on the build as it is, and fail by an expectation of its own with the mutant. */
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import * as z from "zod";
import { PatchError } from "./patch.js";
import { copyWithMutant, type Mutant } from "./tree.js";

/** How long one run may take, and how much it may print. */
const RUN_MS_MAX = 120_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Of what a command said on stderr, that much is shown. */
const STDERR_CHARACTERS_SHOWN = 2000;

/** Exit statuses of `stas-sim run`. */
const PASSED = 0;
const FAILED = 1;

const failureShape = z.looseObject({
  kind: z.string(),
  name: z.string(),
  expected: z.string(),
  observed: z.string(),
});

const reportShape = z.looseObject({
  verdict: z.enum(["pass", "fail", "inconclusive"]),
  scenarios: z.array(z.looseObject({ failures: z.array(failureShape) })).length(1),
});

type ReportedFailure = z.infer<typeof failureShape>;

/** `caught`: as it must be. `missed`: the scenario does not see the bug. `broken`: the trial itself says nothing. */
type Outcome =
  | { readonly kind: "caught"; readonly failures: readonly ReportedFailure[] }
  | { readonly kind: "missed"; readonly problem: string }
  | { readonly kind: "broken"; readonly problem: string };

interface Run {
  /** Exit status, or `undefined` where it was ended by a signal or did not start. */
  readonly status: number | undefined;
  readonly failures: readonly ReportedFailure[];
  /** Why there is no verdict to read. */
  readonly problem: string | undefined;
}

function readRun(status: number | undefined, stdout: string, stderr: string): Run {
  const said = stderr.trim().slice(0, STDERR_CHARACTERS_SHOWN);
  const broken = (what: string): Run => ({ status, failures: [], problem: said === "" ? what : `${what}: ${said}` });
  if (status === undefined) return broken(`stas-sim was ended after at most ${String(RUN_MS_MAX / 1000)} s`);
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch {
    return broken(`stas-sim left with status ${String(status)} and printed no JSON`);
  }
  const report = reportShape.safeParse(json);
  if (!report.success) return broken(`the report has another shape: ${z.prettifyError(report.error)}`);
  const { verdict, scenarios } = report.data;
  if ((status === PASSED) !== (verdict === "pass") || (status === FAILED) !== (verdict === "fail")) {
    return broken(`status ${String(status)} does not go with verdict ${verdict}`);
  }
  return { status, failures: scenarios.flatMap(({ failures }) => failures), problem: undefined };
}

function runScenario(folder: string, scenario: string): Promise<Run> {
  const options = { cwd: folder, timeout: RUN_MS_MAX, killSignal: "SIGKILL", maxBuffer: OUTPUT_BYTES_MAX } as const;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["dist/bin/stas-sim.js", "run", scenario, "--json", "--once"],
      options,
      (error, stdout, stderr) => {
        const status = error === null ? PASSED : typeof error.code === "number" ? error.code : undefined;
        resolve(readRun(status, stdout, stderr));
      },
    );
  });
}

function judge(run: Run, scenario: string): Outcome {
  if (run.problem !== undefined) return { kind: "broken", problem: `with the bug: ${run.problem}` };
  if (run.status === PASSED) return { kind: "missed", problem: `${scenario} passes with the bug put back` };
  if (run.status !== FAILED) return { kind: "missed", problem: `${scenario} is inconclusive with the bug put back` };
  if (!run.failures.some(({ kind }) => kind === "expectation")) {
    const seen = run.failures.map(formatFailure).join("\n");
    return { kind: "missed", problem: `no expectation of ${scenario} fails, only:\n${seen}` };
  }
  return { kind: "caught", failures: run.failures };
}

/** Whether the scenario passes on the build as it is; the reason where it does not. */
async function problemWithoutBug(root: string, scenario: string): Promise<string | undefined> {
  const run = await runScenario(root, scenario);
  if (run.problem !== undefined) return `without the bug: ${run.problem}`;
  if (run.status === PASSED) return undefined;
  return `${scenario} does not pass without the bug:\n${run.failures.map(formatFailure).join("\n")}`;
}

/** Tries one mutant of the tree at `root`, whose dist/ must be up to date. */
export async function tryMutant(root: string, mutant: Mutant): Promise<Outcome> {
  let copy: string;
  try {
    copy = copyWithMutant(root, mutant);
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    return { kind: "broken", problem: `${mutant.name}.patch: ${error.message}` };
  }
  try {
    const problem = await problemWithoutBug(root, mutant.scenario);
    if (problem !== undefined) return { kind: "broken", problem };
    return judge(await runScenario(copy, mutant.scenario), mutant.scenario);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** One failure on a few lines. */
export function formatFailure({ kind, name, expected, observed }: ReportedFailure): string {
  return `  ${kind} ${name}\n    expected ${expected}\n    observed ${observed}`;
}
