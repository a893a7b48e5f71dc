import type { ScenarioResult } from "../../src/harness/result.js";
import { runScenario } from "../../src/harness/run/run-scenario.js";
import { firstDifference, formatDifference } from "../../src/harness/run/difference.js";
import { MACHINERY, type Machinery } from "../../src/harness/run/machinery.js";
import type { Scenario } from "../../src/harness/scenario/types.js";

interface RestoreOptions {
  /** The result of a run without restoring, where the caller has it. */
  readonly plain?: ScenarioResult;
  readonly machinery?: Machinery;
}

/** Where the trace differs once the cores are restored before every n-th event; empty where it does not. */
export function whereRestoredDiffers(scenario: Scenario, every: number, options: RestoreOptions = {}): string {
  const { plain = runScenario(scenario, { once: true }), machinery = MACHINERY } = options;
  const restored = { once: true, restoreEvery: every, machinery };
  if (plain.traceHash === runScenario(scenario, restored).traceHash) return "";
  const difference = firstDifference(
    runScenario(scenario, { once: true, keepTrace: true }).trace,
    runScenario(scenario, { ...restored, keepTrace: true }).trace,
  );
  return difference === undefined ? "the hashes differ" : formatDifference(difference).join("\n");
}
