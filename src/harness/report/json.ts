/** The report for programs. Documented in docs/stas-sim.md; a change that breaks readers raises the version. */
import { overallVerdict, type Failure, type ScenarioResult, type Verdict } from "../result.js";

export const REPORT_VERSION = 1;

export interface JsonReport {
  readonly version: 1;
  readonly verdict: Verdict;
  readonly scenarios: readonly JsonScenario[];
}

export interface JsonScenario {
  readonly file: string;
  readonly title: string;
  readonly verdict: Verdict;
  readonly simulatedSeconds: number;
  readonly events: number;
  readonly traceHash: string;
  readonly failures: readonly JsonFailure[];
}

export interface JsonFailure {
  readonly kind: Failure["kind"];
  readonly name: string;
  readonly file: string;
  /** 1-based; 0 if the failure concerns no line. */
  readonly line: number;
  readonly atSeconds: number;
  readonly expected: string;
  readonly observed: string;
  readonly hints: readonly string[];
}

/** Holds nothing that differs between two machines: no real time, and no paths but those given. */
export function jsonReport(results: readonly ScenarioResult[]): JsonReport {
  return {
    version: REPORT_VERSION,
    verdict: overallVerdict(results.map((result) => result.verdict)),
    scenarios: results.map(({ file, title, verdict, simulated, events, traceHash, failures }) => ({
      file,
      title,
      verdict,
      simulatedSeconds: simulated / 1000,
      events,
      traceHash,
      failures: failures.map(jsonFailure),
    })),
  };
}

function jsonFailure({ kind, name, file, line, at, expected, observed, hints }: Failure): JsonFailure {
  return { kind, name, file, line, atSeconds: at / 1000, expected, observed, hints };
}
