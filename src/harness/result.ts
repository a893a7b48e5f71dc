/** What a run comes to, as data; text and JSON are made from it. */
import type { Milliseconds } from "../core/domain/units.js";

export type Verdict = "pass" | "fail" | "inconclusive";

/**
 * `expectation`: of the scenario. `oracle`: an invariant of every run. `determinism`: two runs differed.
 * `unsettled`: the run ended with something still to come.
 */
export type FailureKind = "expectation" | "oracle" | "determinism" | "unsettled";

export interface Failure {
  readonly kind: FailureKind;
  /** Kind of expectation, or name of the oracle. */
  readonly name: string;
  readonly file: string;
  /** 1-based; 0 where it is about no line. */
  readonly line: number;
  /** When it was judged. */
  readonly at: Milliseconds;
  readonly expected: string;
  readonly observed: string;
  readonly hints: readonly string[];
}

export interface ScenarioResult {
  readonly file: string;
  readonly title: string;
  readonly verdict: Verdict;
  /** The seed it ran with. */
  readonly seed: number;
  /** How far simulated time ran. */
  readonly simulated: Milliseconds;
  /** Events dispatched to cores. */
  readonly events: number;
  /** SHA-256 of the trace, in hex. */
  readonly traceHash: string;
  readonly failures: readonly Failure[];
  /** Real time the first run took. Not part of any trace. */
  readonly realMs: number;
  /** Every line of the trace, where it was asked for. */
  readonly trace: readonly string[];
}

/** `fail` where anything failed for certain; `inconclusive` where something is merely still to come. */
export function verdictOf(failures: readonly Failure[]): Verdict {
  if (failures.length === 0) return "pass";
  return failures.every((failure) => failure.kind === "unsettled") ? "inconclusive" : "fail";
}

/** The verdict of several. */
export function overallVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("fail")) return "fail";
  return verdicts.includes("inconclusive") ? "inconclusive" : "pass";
}
