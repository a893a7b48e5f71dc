/** nvme-cli next to the daemons: what its udev rule starts, and what its unit connects. */
import { describe, expect, test } from "vitest";
import { UDEV_OVERRIDE_PATH } from "../../../src/adapters/shared/udev-override.js";
import type { WorldObservation } from "../../../src/adapters/sim/observation.js";
import type { WorldAction } from "../../../src/adapters/sim/actions.js";
import { createWorld } from "../../../src/adapters/sim/world.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";

const HOST = `format: 1
title: nvme-cli
host:
  autostart: false
  nvme-cli: KNOB
  kernel: { controllers: [{ to: dc1, made-by: nvme-cli, host-iface: eth0 }] }
fabric:
  discovery-controllers: [{ id: dc1, listen: "192.168.1.20:8009" }]
  subsystems:
    - { id: vol1, nqn: "nqn.2024-01.io.example:vol1", listen: "192.168.1.30:4420" }
    - { id: vol2, nqn: "nqn.2024-01.io.example:vol2", listen: "192.168.1.31:4420" }
expect: [{ at: 5s, connected: [dc1] }]
`;

const RULE_UNIT = String.raw`nvmf-connect@--device\x3dnvme0\x09--transport\x3dtcp\x09--traddr\x3d192.168.1.20\x09--trsvcid\x3d8009\x09--host-traddr\x3dnone\x09--host-iface\x3deth0.service`;

const listed = (id: string): WorldAction => ({
  kind: "list",
  dc: "dc1",
  entries: [{ kind: "subsystem", id, ncc: false }],
});

/** The unit's jobs and the volumes, 10 s after these actions, with 200 ms after each. */
function after(knob: "udev-rule" | "absent", ...actions: readonly WorldAction[]) {
  const parsed = parseScenario("nvme-cli", HOST.replace("KNOB", knob));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const seen: WorldObservation[] = [];
  const world = createWorld(parsed.scenario.world, {
    boot: () => ({ dispatch: () => undefined }),
    observe: (_at, observation) => seen.push(observation),
    crashed: (_process, error) => {
      throw error;
    },
  });
  for (const action of actions) {
    world.apply(action);
    world.runUntil(Milliseconds(world.now() + 200));
  }
  world.runUntil(Milliseconds(world.now() + 10_000));
  const jobs = seen.flatMap((one) => (one.kind === "unit-job" ? [`${one.job} ${one.fate} ${one.unit}`] : []));
  const volumes = world.connections().filter(({ role }) => role === "io");
  return { jobs, volumes: volumes.map(({ peer, madeBy, hostIface }) => `${String(peer)} ${madeBy} ${hostIface}`) };
}

describe("nvme-cli's udev rule", () => {
  test("connects what a discovery controller lists, with its own options", () => {
    expect(after("udev-rule", listed("vol1"))).toEqual({
      jobs: [`start run ${RULE_UNIT}`],
      volumes: ["vol1 nvme-cli eth0"],
    });
  });

  test("loses a start while its unit runs", () => {
    const slow: WorldAction = { kind: "unit", name: RULE_UNIT, takes: Milliseconds(5_000) };
    expect(after("udev-rule", slow, listed("vol1"), listed("vol2"))).toEqual({
      jobs: [`start run ${RULE_UNIT}`, `start lost ${RULE_UNIT}`],
      volumes: ["vol1 nvme-cli eth0"],
    });
  });

  test("does nothing while it is overridden, or if nvme-cli is absent", () => {
    const override: WorldAction = { kind: "write-file", path: UDEV_OVERRIDE_PATH, text: "" };
    expect(after("udev-rule", override, listed("vol1"))).toEqual({ jobs: [], volumes: [] });
    expect(after("absent", listed("vol1"))).toEqual({ jobs: [], volumes: [] });
  });
});
