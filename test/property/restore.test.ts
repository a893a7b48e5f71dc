import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadScenarios } from "../../src/harness/load.js";
import { Core } from "../../src/core/core.js";
import { firstDifference, formatDifference } from "../../src/harness/run/difference.js";
import { runScenario } from "../../src/harness/run/run-scenario.js";
import { MACHINERY, parseSnapshot, type Machinery } from "../../src/harness/run/machinery.js";
import type { Scenario } from "../../src/harness/scenario/types.js";
import { smallWorld } from "./small-world.js";

const FOLDER = fileURLToPath(new URL("../../sim/scenarios", import.meta.url));
const { scenarios } = loadScenarios([FOLDER]);

/** Snapshots of a large scenario are large, so one in so many events is enough there. */
const LARGE_EVENTS = 500;
const LARGE_STRIDE = 17;

/** Where the trace differs if the cores are restored before every n-th event; empty if it does not differ. */
function restored(scenario: Scenario, every: number, machinery: Machinery = MACHINERY): string {
  const plain = runScenario(scenario, { once: true });
  const other = runScenario(scenario, { once: true, restoreEvery: every, machinery });
  if (plain.traceHash === other.traceHash) return "";
  const kept = runScenario(scenario, { once: true, keepTrace: true }).trace;
  const difference = firstDifference(
    kept,
    runScenario(scenario, { once: true, keepTrace: true, restoreEvery: every, machinery }).trace,
  );
  return difference === undefined ? "the hashes differ" : formatDifference(difference).join("\n");
}

describe("restoring a core from its snapshot at any event continues the same trace", () => {
  test.each(scenarios.map((scenario) => [relative(FOLDER, scenario.file), scenario] as const))(
    "%s",
    (_name, scenario) => {
      const { events } = runScenario(scenario, { once: true });
      expect(restored(scenario, events > LARGE_EVENTS ? LARGE_STRIDE : 1)).toBe("");
    },
  );

  test("in any small world, before every event or every few", () => {
    fc.assert(
      fc.property(smallWorld, fc.integer({ min: 1, max: 5 }), (scenario, every) => {
        expect(restored(scenario, every)).toBe("");
      }),
      { numRuns: 25 },
    );
  });

  test("and the check notices a lost request number", () => {
    const forgetful: Machinery = {
      ...MACHINERY,
      restoreCore: (ports, from) => {
        const text = JSON.stringify(from.snapshot());
        return Core.restore(ports, parseSnapshot(text.replace(/"nextRequest":\d+/, '"nextRequest":1000')));
      },
    };
    const [scenario] = scenarios;
    expect(scenario).toBeDefined();
    if (scenario !== undefined) expect(restored(scenario, 1, forgetful)).toContain("1000");
  });
});
