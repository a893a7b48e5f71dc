import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DiscoveryControllerSpec, SubsystemSpec } from "../../src/adapters/sim/spec.js";
import { runScenario } from "../../src/harness/run/run-scenario.js";
import type { Scenario } from "../../src/harness/scenario/types.js";
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
      fc.property(smallWorld.map(withRandomLatencies), (scenario) => {
        const hash = (seed: number): string => runScenario(scenario, { once: true, seed }).traceHash;
        expect(hash(1)).not.toBe(hash(2));
      }),
      { numRuns: 10 },
    );
  });
});

/** The same world at rest, with peers that answer: their latencies are drawn. */
function withRandomLatencies(scenario: Scenario): Scenario {
  const { host, fabric } = scenario.world;
  const isUp = <Peer extends DiscoveryControllerSpec | SubsystemSpec>(peer: Peer): Peer => ({
    ...peer,
    listen: peer.listen.map((one) => ({ ...one, state: "up" as const })),
  });
  const discoveryControllers = fabric.discoveryControllers.map(isUp);
  const lines = discoveryControllers.map(({ listen }) => {
    return `controller = transport=tcp;traddr=${listen[0]?.traddr ?? ""};trsvcid=8009\n`;
  });
  const files = { "/etc/stas/stafd.conf": `[Controllers]\n${lines.join("")}` };
  const world = {
    ...scenario.world,
    host: { ...host, kernel: { ...host.kernel, jitter: 0.3 }, files },
    fabric: { discoveryControllers, subsystems: fabric.subsystems.map(isUp) },
  };
  return { ...scenario, world, timeline: [], stepLines: [] };
}
