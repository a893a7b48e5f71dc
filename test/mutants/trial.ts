/** Tries a mutant: its scenario must pass on the build as it is, and fail by an expectation of its own with the mutant. */
import { join } from "node:path";
import * as z from "zod";
import { type Build, loadBuild } from "./modules.js";
import { PatchError } from "./patch.js";
import { type Ending, Pool, type PoolOptions } from "./pool.js";
import { mutatedModules, type Mutant } from "./tree.js";

/** Two cores; and a bound that a busy machine does not reach. */
const DEFAULTS: PoolOptions = { lanes: 2, limitMs: 60_000 };

/** Of what a run said on stderr, that much is shown. */
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
export type Outcome =
  | { readonly kind: "caught"; readonly failures: readonly ReportedFailure[] }
  | { readonly kind: "missed"; readonly problem: string }
  | { readonly kind: "broken"; readonly problem: string };

interface Run {
  /** Exit status, or `undefined` where it did not leave by itself. */
  readonly status: number | undefined;
  readonly failures: readonly ReportedFailure[];
  /** Why there is no verdict to read. */
  readonly problem: string | undefined;
}

function readRun(ending: Ending, limitMs: number): Run {
  if (ending.kind === "hung") return brokenRun(undefined, `stas-sim was ended after ${String(limitMs / 1000)} s`, "");
  if (ending.kind === "crashed") return brokenRun(undefined, "stas-sim crashed", ending.what);
  const { status, out, err } = ending;
  let json: unknown;
  try {
    json = JSON.parse(out);
  } catch {
    return brokenRun(status, `stas-sim left with status ${String(status)} and printed no JSON`, err);
  }
  const report = reportShape.safeParse(json);
  if (!report.success) return brokenRun(status, `the report has another shape: ${z.prettifyError(report.error)}`, err);
  const { verdict, scenarios } = report.data;
  if ((status === PASSED) !== (verdict === "pass") || (status === FAILED) !== (verdict === "fail")) {
    return brokenRun(status, `status ${String(status)} does not go with verdict ${verdict}`, err);
  }
  return { status, failures: scenarios.flatMap(({ failures }) => failures), problem: undefined };
}

function brokenRun(status: number | undefined, what: string, said: string): Run {
  const shown = said.trim().slice(0, STDERR_CHARACTERS_SHOWN);
  return { status, failures: [], problem: shown === "" ? what : `${what}: ${shown}` };
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

/** Trials on the tree at `root`, whose dist/ must be up to date. To be closed. */
export class Trials {
  readonly #root: string;
  readonly #options: PoolOptions;
  #loaded: { readonly build: Build; readonly pool: Pool } | undefined;
  /** By scenario: why it does not pass without the bug. Each scenario runs once, however many mutants it has. */
  readonly #withoutBug = new Map<string, Promise<string | undefined>>();

  constructor(root: string, options: Partial<PoolOptions> = {}) {
    this.#root = root;
    this.#options = { ...DEFAULTS, ...options };
  }

  async try(mutant: Mutant): Promise<Outcome> {
    let changed: ReadonlyMap<string, string>;
    try {
      changed = mutatedModules(this.#root, mutant);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      return { kind: "broken", problem: `${mutant.name}.patch: ${error.message}` };
    }
    const { build } = this.#load();
    for (const path of changed.keys()) {
      if (!build.modules.has(path)) return { kind: "broken", problem: `stas-sim does not load ${path}` };
    }
    const { scenario } = mutant;
    const known = this.#withoutBug.get(scenario) ?? this.#problemWithoutBug(scenario);
    this.#withoutBug.set(scenario, known);
    const problem = await known;
    return problem === undefined ? judge(await this.#run(scenario, changed), scenario) : { kind: "broken", problem };
  }

  async close(): Promise<void> {
    await this.#loaded?.pool.close();
  }

  #load(): { readonly build: Build; readonly pool: Pool } {
    if (this.#loaded === undefined) {
      const build = loadBuild(this.#root);
      this.#loaded = { build, pool: new Pool(build, this.#options) };
    }
    return this.#loaded;
  }

  async #run(scenario: string, changed: ReadonlyMap<string, string>): Promise<Run> {
    const args = ["run", join(this.#root, scenario), "--json", "--once"];
    return readRun(await this.#load().pool.run({ changed, args }), this.#options.limitMs);
  }

  async #problemWithoutBug(scenario: string): Promise<string | undefined> {
    const run = await this.#run(scenario, new Map());
    if (run.problem !== undefined) return `without the bug: ${run.problem}`;
    if (run.status === PASSED) return undefined;
    return `${scenario} does not pass without the bug:\n${run.failures.map(formatFailure).join("\n")}`;
  }
}

/** One failure on a few lines. */
export function formatFailure({ kind, name, expected, observed }: ReportedFailure): string {
  return `  ${kind} ${name}\n    expected ${expected}\n    observed ${observed}`;
}
