import { describe, expect, test } from "vitest";
import { failed } from "../../../src/harness/observers/observer.js";
import type { Oracle } from "../../../src/harness/oracles/oracle.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";
import { formatScenario } from "../../../src/harness/scenario/write.js";
import type { Scenario } from "../../../src/harness/scenario/types.js";
import { fewerElements } from "../../../src/harness/shrink/passes.js";
import { shrinkScenario } from "../../../src/harness/shrink/shrink.js";

const BIG = `
format: 1
title: Two volumes leave a page, among other things
host:
  kernel: { jitter: 0.3 }
  interfaces:
    - { name: eth0, mac: "02:00:00:00:00:01", addresses: [192.168.1.10/24] }
    - { name: eth1, mac: "02:00:00:00:00:02", addresses: [10.0.0.10/24] }
  files:
    /etc/stas/stafd.conf: |
      [Global]
      kato = 20
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009
      controller = transport=tcp;traddr=192.168.1.21;trsvcid=8009
fabric:
  discovery-controllers:
    - { id: dc1, listen: 192.168.1.20:8009, entries: [vol1, vol2] }
    - { id: dc2, listen: 192.168.1.21:8009, entries: [vol2] }
  subsystems:
    - { id: vol1, nqn: nqn.2023-01.example:vol1, listen: 192.168.1.30:4420 }
    - { id: vol2, nqn: nqn.2023-01.example:vol2, listen: 192.168.1.31:4420 }
timeline:
  - { at: 20.123s, reset-device: vol2 }
  - { at: 31.7s, link: { interface: eth1, state: down } }
  - { at: 40.001s, unlist: { dc: dc1, entries: [vol1, vol2] } }
  - { at: 55s, aen: dc1 }
expect:
  - { at: 30s, connected: [vol1] }
  - { throughout: 30s..2m, connected: [vol1] }
until: 5m
`;

function scenarioOf(text: string): Scenario {
  const read = parseScenario("big.yaml", text);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.scenario;
}

/** Fires when the daemon disconnects vol1. */
const vol1Stays: Oracle = {
  name: "vol1-stays",
  observe: (view, report) => ({
    observed: (seen) => {
      if (seen.kind !== "delete-begin" || view.controllers.get(seen.uid)?.peer !== "vol1") return;
      report("vol1 is never disconnected", failed(`${seen.by} deleted it`));
    },
  }),
};

describe("a failing scenario is shrunk", () => {
  const shrunk = shrinkScenario(scenarioOf(BIG), { oracles: [vol1Stays], until: "vol1-stays" });
  if (shrunk.kind !== "shrunk") throw new Error("it does not fail");

  test("to what its oracle needs, and nothing else", () => {
    const { timeline, world, expectations } = shrunk.scenario;
    expect(timeline.map(({ action }) => action.kind)).toEqual(["unlist"]);
    expect(world.fabric.discoveryControllers.map(({ id }) => id)).toEqual(["dc1"]);
    expect(world.fabric.subsystems.map(({ id }) => id)).toEqual(["vol1"]);
    expect(world.host.files["/etc/stas/stafd.conf"]?.split("\n")).toHaveLength(3);
    expect(expectations).toEqual([]);
    expect(formatScenario(shrunk.scenario)).toContain("at: 1m");
  });

  test("to a file that fails at the same place", () => {
    const again = shrinkScenario(scenarioOf(formatScenario(shrunk.scenario)), { oracles: [vol1Stays] });
    expect(again).toMatchObject({ kind: "shrunk", failure: { name: "vol1-stays" } });
  });

  test("the same way each time", () => {
    const again = shrinkScenario(scenarioOf(BIG), { oracles: [vol1Stays], until: "vol1-stays" });
    expect(again).toEqual(shrunk);
  });

  test("within the runs that it may take", () => {
    const some = shrinkScenario(scenarioOf(BIG), { oracles: [vol1Stays], runsMax: 5 });
    expect(some.kind === "shrunk" && some.runs).toBeLessThanOrEqual(6);
  });
});

test("what an expectation judges keeps the expectations that were met", () => {
  const shrunk = shrinkScenario(scenarioOf(BIG), { until: "throughout" });
  if (shrunk.kind !== "shrunk") throw new Error("it does not fail");
  expect(shrunk.scenario.expectations).toHaveLength(2);
  expect(shrunk.scenario.timeline.map(({ action }) => action.kind)).toEqual(["unlist"]);
});

test("a scenario that does not fail there says where it fails", () => {
  const shrunk = shrinkScenario(scenarioOf(BIG), { until: "no such oracle" });
  expect(shrunk).toMatchObject({ kind: "does-not-fail", failures: [{ name: "throughout" }] });
});

test("elements are left out by halves first", () => {
  const all = Array.from({ length: 1000 }, (_, at) => at);
  let tries = 0;
  const left = fewerElements(all, (some) => {
    tries += 1;
    return some.includes(17) && some.includes(801);
  });
  expect(left).toEqual([17, 801]);
  expect(tries).toBeLessThan(60);
});
