/** Collects what the observers of a run report. */
import type { Milliseconds } from "../../core/domain/units.js";
import type { Failure } from "../result.js";
import type { Finding, Report } from "./observer.js";

/** Findings kept per oracle: a broken invariant breaks often. */
const FINDINGS_PER_ORACLE_MAX = 5;

/** What a report is about, in the order in which failures are listed. */
const SUBJECTS = ["expectation", "oracle", "step"] as const;

/** What a report is about. */
export interface Subject {
  readonly kind: (typeof SUBJECTS)[number];
  /** Kind of the expectation, or name of the oracle. */
  readonly name: string;
  /** 1-based line of the scenario's file; 0 if it concerns no line. */
  readonly line: number;
}

/** The findings of one run. */
export class Findings {
  readonly #file: string;
  readonly #now: () => Milliseconds;
  readonly #failures: { readonly subject: Subject; readonly failure: Failure }[] = [];

  constructor(file: string, now: () => Milliseconds) {
    this.#file = file;
    this.#now = now;
  }

  /** Returns the function by which the observer of this subject reports. */
  about(subject: Subject): Report {
    let left = subject.kind === "oracle" ? FINDINGS_PER_ORACLE_MAX : Infinity;
    return (expected, finding) => {
      if (finding.kind === "met" || left === 0) return;
      left -= 1;
      this.#failures.push({ subject, failure: this.#failure(subject, expected, finding) });
    };
  }

  /** All failures: expectations first, then oracles, then steps, each in the order of their reports. */
  failures(): Failure[] {
    return SUBJECTS.flatMap((kind) =>
      this.#failures.filter(({ subject }) => subject.kind === kind).map(({ failure }) => failure),
    );
  }

  #failure({ kind, name, line }: Subject, expected: string, finding: Exclude<Finding, { kind: "met" }>): Failure {
    const { observed, hints } = finding;
    const certain = kind === "oracle" ? kind : "expectation";
    return {
      kind: finding.kind === "open" ? "unsettled" : certain,
      name,
      file: this.#file,
      line,
      at: this.#now(),
      expected,
      observed,
      hints,
    };
  }
}
