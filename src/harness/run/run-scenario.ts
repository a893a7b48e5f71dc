/** Runs a scenario twice: the same scenario, seed and build must give the same trace. */
import { performance } from "node:perf_hooks";
import type { Milliseconds } from "../../core/domain/units.js";
import { type Failure, type ScenarioResult, verdictOf } from "../result.js";
import type { Explained } from "../report/explanation.js";
import type { Oracle } from "../oracles/oracle.js";
import type { Scenario } from "../scenario/types.js";
import { installTripwire } from "../tripwire.js";
import { firstDifference, formatDifference } from "./difference.js";
import { Engine, type EngineOptions, type RunOutcome } from "./engine.js";
import { MACHINERY, type Machinery } from "./machinery.js";

export interface RunOptions {
  /** Overrides the scenario's seed. */
  readonly seed?: number;
  /** Runs once, without comparing two traces. */
  readonly once?: boolean;
  /** Keeps every line of the trace in the result. */
  readonly keepTrace?: boolean;
  /** Replaces each core with its restored snapshot before every n-th event. */
  readonly restoreEvery?: number;
  /** Oracles besides those of the harness. */
  readonly oracles?: readonly Oracle[];
  /** Share of the work that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
  readonly machinery?: Machinery;
}

export function runScenario(scenario: Scenario, options: RunOptions = {}): ScenarioResult {
  const seed = options.seed ?? scenario.seed;
  const runs = options.once === true ? 1 : 2;
  const run = (number: number, keepTrace: boolean): RunOutcome =>
    engineFor(scenario, options, {
      seed,
      keepTrace,
      restoreEvery: options.restoreEvery ?? 0,
      oracles: options.oracles ?? [],
      onProgress: (simulated) => options.onProgress?.((number + simulated / Math.max(1, scenario.until)) / runs),
    }).run();
  // One installation for all runs. The installation of each run only raises the count.
  const removeTripwire = installTripwire();
  const began = performance.now();
  let realMs = 0;
  const failures: Failure[] = [];
  let first: RunOutcome;
  try {
    first = run(0, options.keepTrace ?? false);
    realMs = performance.now() - began;
    failures.push(...first.failures);
    if (runs === 2 && run(1, false).hash !== first.hash) failures.push(explainDifference(scenario, run));
  } finally {
    removeTripwire();
  }
  return {
    file: scenario.file,
    title: scenario.title,
    verdict: verdictOf(failures),
    seed,
    simulated: first.simulated,
    events: first.events,
    traceHash: first.hash,
    failures,
    realMs,
    trace: first.trace,
  };
}

function engineFor(scenario: Scenario, options: RunOptions, engine: EngineOptions): Engine {
  return new Engine(scenario, options.machinery ?? MACHINERY, engine);
}

/** Runs both again and keeps their lines, a cost that the first two runs avoid. */
function explainDifference(scenario: Scenario, run: (number: number, keepTrace: boolean) => RunOutcome): Failure {
  const first = run(0, true);
  const second = run(1, true);
  const difference = firstDifference(first.trace, second.trace);
  return {
    kind: "determinism",
    name: "same-trace",
    file: scenario.file,
    line: 0,
    at: first.simulated,
    expected: "two runs give the same trace",
    observed:
      difference === undefined
        ? "the hashes differed, but the traces of two more runs are the same"
        : `the traces differ from record ${String(difference.record)} on`,
    hints: difference === undefined ? [] : formatDifference(difference),
  };
}

/** A run that was stopped at a time, for inspection. */
export interface StoppedRun extends Explained {
  readonly at: Milliseconds;
}

/** Runs to a time (at most the end of the scenario) and returns the state at that time. */
export function stopAt(scenario: Scenario, at: Milliseconds, options: RunOptions = {}): StoppedRun {
  const engine = engineFor(scenario, options, {
    seed: options.seed ?? scenario.seed,
    keepTrace: false,
    restoreEvery: 0,
  });
  const { simulated } = engine.run(at);
  return {
    at: simulated,
    controllers: engine.describe(),
    connections: engine.world.connections(),
    pending: engine.pending,
  };
}
