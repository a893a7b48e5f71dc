/** Which events staf hands on to nvme-cli, through which unit, and how often. */
import { expect, test } from "vitest";
import { createWorld } from "../../../src/adapters/sim/world.js";
import type { WorldAction } from "../../../src/adapters/sim/actions.js";
import { encodeUevent } from "../../../src/core/codec/uevent.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { CheckedCore } from "../../../src/harness/run/checked-core.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";

const OTHER_HOST = "nqn.2014-08.org.nvmexpress:uuid:44444444-4444-4444-8444-444444444444";

const HOST = `format: 1
title: foreign
host:
  kernel: { controllers: [{ to: theirs, made-by: nvme-cli }] }
  files:
    /etc/stas/stafd.conf: |
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009
      exclude = traddr=192.168.1.22
fabric:
  discovery-controllers:
    - { id: ours, listen: "192.168.1.20:8009" }
    - { id: theirs, listen: "192.168.1.21:8009" }
    - { id: excluded, listen: "192.168.1.22:8009" }
  subsystems:
    - { id: vol1, nqn: "nqn.2024-01.io.example:vol1", listen: "192.168.1.30:4420" }
expect: [{ at: 5s, connected: [ours] }]
`;

/** A host whose daemon has run for 5 s. */
function host() {
  const parsed = parseScenario("foreign", HOST);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const units: string[] = [];
  const cores: CheckedCore[] = [];
  const world = createWorld(parsed.scenario.world, {
    boot: (_process, ports) => {
      const core = new CheckedCore(ports, "both");
      cores.push(core);
      return core;
    },
    observe: (_at, seen) => {
      if (seen.kind === "unit-job" && seen.job === "restart") units.push(seen.unit);
    },
    crashed: (_process, error) => {
      throw error;
    },
  });
  const pass = (time: number): void => {
    world.runUntil(Milliseconds(world.now() + time));
  };
  world.apply({ kind: "start", process: "both" });
  pass(5_000);
  return {
    pass,
    /** Returns the units restarted since the last call. */
    restarted: () => units.splice(0),
    apply: (action: WorldAction) => {
      world.apply(action);
    },
    /** Dispatches a uevent `change` of a device. */
    hears: (device: string, properties: Readonly<Record<string, string>>) => {
      const devpath = `/devices/virtual/nvme-fabrics/ctl/${device}`;
      const all = new Map(Object.entries({ DEVNAME: device, ...properties }));
      const message = encodeUevent({ action: "change", devpath, subsystem: "nvme", seqnum: 1, properties: all });
      cores.at(-1)?.dispatch({ kind: "uevent", message });
    },
  };
}

const AEN = { NVME_AEN: "0x70f002" };
const REDISCOVER = { NVME_EVENT: "rediscover" };
const UNIT = String.raw`nvmf-connect@--device\x3dnvme0.service`;

test("the unit name holds the device, host address and interface that are given, escaped", () => {
  const { hears, pass, restarted } = host();
  const named = (properties: Readonly<Record<string, string>>): string | undefined => {
    hears("nvme0", { ...AEN, ...properties });
    pass(1_001);
    return restarted()[0];
  };
  expect(named({ NVME_HOST_TRADDR: "192.168.1.10", NVME_HOST_IFACE: "eth0" })).toBe(
    String.raw`nvmf-connect@--device\x3dnvme0\x09--host-traddr\x3d192.168.1.10\x09--host-iface\x3deth0.service`,
  );
  expect(named({ NVME_HOST_TRADDR: "none", NVME_HOST_IFACE: "none" })).toBe(UNIT);
  expect(named({ NVME_HOST_TRADDR: "", NVME_HOST_IFACE: "None" })).toBe(UNIT);
  expect(named({ NVME_HOST_TRADDR: "fe80::1%eth-0.5" })).toBe(
    String.raw`nvmf-connect@--device\x3dnvme0\x09--host-traddr\x3dfe80::1\x25eth-0.5.service`,
  );
  // The unit passes its options to a shell, in quotes.
  expect(named({ NVME_HOST_IFACE: "a'; `b` $c/d\\x41\xe9" })).toBe(
    String.raw`nvmf-connect@--device\x3dnvme0\x09--host-iface\x3da\x27\x3b\x20\x60b\x60\x20\x24c\x2fd\x5cx41\xe9.service`,
  );
});

test("staf hands on only the AEN of the log page and rediscover", () => {
  const { hears, pass, restarted } = host();
  for (const properties of [AEN, REDISCOVER]) {
    hears("nvme0", properties);
    pass(2_000);
    expect(restarted()).toEqual([UNIT]);
  }
  for (const properties of [{ NVME_EVENT: "connected" }, { NVME_AEN: "0x70f102" }, {}]) {
    hears("nvme0", properties);
    pass(2_000);
    expect(restarted()).toEqual([]);
  }
});

test("a flood causes at most one restart per second, and one after its last event", () => {
  const { hears, pass, restarted } = host();
  for (let at = 0; at < 28; at += 1) {
    hears("nvme0", at % 2 === 0 ? AEN : REDISCOVER);
    pass(100);
  }
  expect(restarted()).toHaveLength(3);
  pass(2_000);
  expect(restarted()).toHaveLength(1);
  pass(60_000);
  expect(restarted()).toEqual([]);
});

test("a controller of staf is never foreign: connected, waiting, or in the kernel twice", () => {
  const { apply, hears, pass, restarted } = host();
  // nvme1 is ours. staf already follows the controller of a second connection.
  apply({ kind: "add-device", to: "ours", madeBy: "nvme-cli" });
  pass(1_000);
  for (const device of ["nvme1", "nvme2"]) hears(device, AEN);
  pass(2_000);
  expect(restarted()).toEqual([]);
  apply({ kind: "remove-device", target: "nvme1" });
  hears("nvme2", AEN);
  pass(2_000);
  expect(restarted()).toEqual([]);
});

test("a controller that is excluded, or connected as another host, is foreign", () => {
  const { apply, hears, pass, restarted } = host();
  apply({ kind: "add-device", to: "excluded", madeBy: "nvme-cli" });
  apply({ kind: "add-device", to: "ours", madeBy: "nvme-cli", hostNqn: OTHER_HOST, hostId: OTHER_HOST.slice(-36) });
  pass(1_000);
  for (const device of ["nvme2", "nvme3"]) hears(device, AEN);
  pass(100);
  expect(restarted().map((unit) => /nvme\d/.exec(unit)?.[0])).toEqual(["nvme2", "nvme3"]);
});

test("staf hands on nothing for I/O controllers, absent devices and other devices", () => {
  const { apply, hears, pass, restarted } = host();
  apply({ kind: "add-device", to: "vol1", madeBy: "nvme-cli" });
  pass(1_000);
  for (const device of ["nvme2", "nvme7", "nvme0n1"]) hears(device, AEN);
  pass(2_000);
  expect(restarted()).toEqual([]);
});

test("a stopping staf hands on what is due before it exits", () => {
  const { apply, hears, pass, restarted } = host();
  hears("nvme0", AEN);
  hears("nvme0", AEN);
  pass(100);
  expect(restarted()).toHaveLength(1);
  apply({ kind: "stop", process: "both" });
  expect(restarted()).toEqual([UNIT]);
});

test("a device that reuses a number does not get the events of its predecessor", () => {
  const { apply, hears, pass, restarted } = host();
  hears("nvme0", AEN);
  hears("nvme0", AEN);
  apply({ kind: "remove-device", target: "nvme0" });
  pass(100);
  restarted();
  apply({ kind: "add-device", to: "theirs", madeBy: "nvme-cli" });
  pass(5_000);
  expect(restarted()).toEqual([]);
});
