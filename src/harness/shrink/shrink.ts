/** Makes a failing scenario smaller: the same verdict at the same place, in a file that a person reads at a glance. */
import { z } from "zod";
import { WorldMisuse } from "../../adapters/sim/kernel/initial.js";
import type { Failure } from "../result.js";
import type { Oracle } from "../oracles/oracle.js";
import type { Machinery } from "../run/machinery.js";
import { runScenario } from "../run/run-scenario.js";
import { parseRecord } from "../scenario/parse.js";
import type { Scenario, ScenarioBody } from "../scenario/types.js";
import { recordOf } from "../scenario/write.js";
import { AssertionError } from "../../core/domain/assertion.js";
import { type Keeps, PASSES } from "./passes.js";
import { isList, type Plain, valueAt, withValue } from "./plain.js";

/** Runs that one scenario may take. */
export const SHRINK_RUNS_MAX = 3_000;

/** Rounds of all passes. Each round but the last makes the scenario smaller. */
const ROUNDS_MAX = 20;

export interface ShrinkOptions {
  /** Which failure must remain: the first one whose text holds this one. */
  readonly until?: string;
  readonly oracles?: readonly Oracle[];
  readonly machinery?: Machinery;
  /** Runs that it may take, at most and by default `SHRINK_RUNS_MAX`. */
  readonly runsMax?: number;
}

export type Shrunk =
  | { readonly kind: "shrunk"; readonly scenario: Scenario; readonly failure: Failure; readonly runs: number }
  /** It does not fail, or not there. */
  | { readonly kind: "does-not-fail"; readonly failures: readonly Failure[] };

/** A failure on one line: who judged, what was expected and what was seen. */
export function textOf({ name, expected, observed }: Failure): string {
  return `${name}: expected ${expected}, observed ${observed}`;
}

/** What a failure is about: its text without numbers. Two failures with one place are taken for the same. */
export function placeOf(failure: Failure): string {
  return textOf(failure).replace(/\d+(\.\d+)*/gu, "#");
}

/**
 * Shrinks a scenario as long as it fails at the same place. What an expectation judges is kept honest by the others: those
 * that the whole scenario meets stay, and stay met. An oracle needs none. Deterministic: one scenario has one result.
 */
export function shrinkScenario(
  scenario: ScenarioBody & { readonly file?: string },
  options: ShrinkOptions = {},
): Shrunk {
  const file = scenario.file ?? "shrunk";
  const whole = failuresOf(parsed(file, plainRecord(scenario)), options);
  const target = whole.find((failure) => textOf(failure).includes(options.until ?? ""));
  if (target === undefined) return { kind: "does-not-fail", failures: whole };
  const judged = withJudges(plainRecord(scenario), target, whole);
  const judges = valueAt(judged, ["expect"]);
  const trial = new Trial(file, target, isList(judges) ? judges.length : 0, options);
  const smallest = smallestOf(judged, trial.keeps);
  const made = trial.run(smallest);
  if (made === undefined) throw new AssertionError("a shrunk scenario fails as the whole one does");
  return { kind: "shrunk", ...made, runs: trial.runs };
}

function smallestOf(record: Plain, keeps: Keeps): Plain {
  let smallest = record;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const before = smallest;
    for (const pass of PASSES) smallest = pass(smallest, keeps);
    if (JSON.stringify(smallest) === JSON.stringify(before)) break;
  }
  return smallest;
}

/** Leaves out the expectations that judge nothing: all of them for an oracle, else those that fail beside the target. */
function withJudges(record: Plain, target: Failure, whole: readonly Failure[]): Plain {
  const expected = valueAt(record, ["expect"]);
  if (!isList(expected)) return record;
  const failing = new Set(whole.filter(isExpectation).map(({ line }) => line));
  const stays = (number: number): boolean => number === target.line || !failing.has(number);
  const judges = isExpectation(target) ? expected.filter((_, index) => stays(index + 1)) : [];
  return withValue(record, ["expect"], judges);
}

function isExpectation({ kind }: Failure): boolean {
  return kind === "expectation";
}

/** Runs candidates, and tells which still fail at the place. */
class Trial {
  readonly #file: string;
  readonly #target: Failure;
  readonly #place: string;
  readonly #judges: number;
  readonly #options: ShrinkOptions;
  readonly #runsMax: number;
  /** What came of every record that was tried. */
  readonly #tried = new Map<string, boolean>();
  runs = 0;

  constructor(file: string, target: Failure, judges: number, options: ShrinkOptions) {
    this.#file = file;
    this.#target = target;
    this.#place = placeOf(target);
    this.#judges = judges;
    this.#options = options;
    this.#runsMax = Math.min(options.runsMax ?? SHRINK_RUNS_MAX, SHRINK_RUNS_MAX);
  }

  readonly keeps: Keeps = (candidate) => {
    const text = JSON.stringify(candidate);
    const known = this.#tried.get(text);
    if (known !== undefined || this.runs >= this.#runsMax) return known ?? false;
    const keeps = this.run(candidate) !== undefined;
    this.#tried.set(text, keeps);
    return keeps;
  };

  /** Runs a record; `undefined` if it does not fail as the whole scenario does. */
  run(record: Plain): { readonly scenario: Scenario; readonly failure: Failure } | undefined {
    const scenario = parsed(this.#file, record);
    if (scenario?.expectations.length !== this.#judges) return undefined;
    this.runs += 1;
    const failures = failuresOf(scenario, this.#options);
    const failure = failures.find((one) => placeOf(one) === this.#place);
    const expected = failures.filter(isExpectation).length;
    return failure === undefined || expected !== (isExpectation(this.#target) ? 1 : 0)
      ? undefined
      : { scenario, failure };
  }
}

/** The record in the scenario's file. What equals its default is left out. */
function plainRecord(scenario: ScenarioBody): Plain {
  return z.json().parse(JSON.parse(JSON.stringify(recordOf(scenario))));
}

function parsed(file: string, record: Plain): Scenario | undefined {
  const read = parseRecord(file, record);
  return read.ok ? read.scenario : undefined;
}

/** The failures of one run, without unsettled ones. A world that cannot be made fails nowhere. */
function failuresOf(scenario: Scenario | undefined, { oracles = [], machinery }: ShrinkOptions): readonly Failure[] {
  if (scenario === undefined) return [];
  try {
    const run = runScenario(scenario, { once: true, oracles, ...(machinery === undefined ? {} : { machinery }) });
    return run.failures.filter(({ kind }) => kind !== "unsettled");
  } catch (error) {
    if (error instanceof WorldMisuse) return [];
    throw error;
  }
}
