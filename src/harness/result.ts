/** The result of a run as data. The reports as text and as JSON are made from it. */
import type { Milliseconds } from "../core/domain/units.js";

export type Verdict = "pass" | "fail" | "inconclusive";

/**
 * `expectation`: one of the scenario's. `oracle`: an invariant of every run. `determinism`: two runs differed.
 * `unsettled`: the run ended too early to tell.
 */
export type FailureKind = "expectation" | "oracle" | "determinism" | "unsettled";

export interface Failure {
  readonly kind: FailureKind;
  /** Kind of expectation, or name of the oracle. */
  readonly name: string;
  readonly file: string;
  /** 1-based; 0 if it concerns no line. */
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
  /** Every line of the trace, if the caller asked for it. */
  readonly trace: readonly string[];
}

/** `fail` if anything failed for certain; `inconclusive` if the run only ended too early to tell. */
export function verdictOf(failures: readonly Failure[]): Verdict {
  if (failures.length === 0) return "pass";
  return failures.every((failure) => failure.kind === "unsettled") ? "inconclusive" : "fail";
}

/** The verdict of several scenarios together. */
export function overallVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("fail")) return "fail";
  return verdicts.includes("inconclusive") ? "inconclusive" : "pass";
}
