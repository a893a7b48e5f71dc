import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runScenario } from "../../src/harness/run/run-scenario.js";
import { smallWorld } from "./small-world.js";

const RUNS = 60;

describe("determinism", () => {
  test("two runs of any small world give the same trace, and every oracle holds", () => {
    fc.assert(
      fc.property(smallWorld, (scenario) => {
        // A step that is drawn by chance may have no effect, which only leaves the run unsettled.
        expect(runScenario(scenario).failures.filter(({ kind }) => kind !== "unsettled")).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("another seed gives another trace if latencies are random", () => {
    fc.assert(
      fc.property(smallWorld, (scenario) => {
        const up = { ...scenario.world.fabric.discoveryControllers[0]?.listen[0], state: "up" };
        fc.pre(scenario.world.host.kernel.jitter > 0 && up.traddr !== undefined && hasPeerUp(scenario));
        const hash = (seed: number): string => runScenario(scenario, { once: true, seed }).traceHash;
        expect(hash(1)).not.toBe(hash(2));
      }),
      { numRuns: 10 },
    );
  });
});

/** Latencies are random only if a configured peer answers. */
function hasPeerUp(scenario: Parameters<typeof runScenario>[0]): boolean {
  const config = scenario.world.host.files["/etc/stas/stafd.conf"] ?? "";
  if (!config.includes("192.168.1.20") || !config.includes("192.168.1.21")) return false;
  const first = scenario.world.fabric.discoveryControllers.some(({ listen }) => listen[0]?.state === "up");
  return first && scenario.timeline.length === 0;
}
