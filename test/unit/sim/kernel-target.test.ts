/** Targets that reject, run out of controllers, double their controller ids, or take no keep-alive. */
import { describe, expect, test } from "vitest";
import { identifyController } from "../../../src/core/codec/admin.js";
import { decodeIdentify } from "../../../src/core/codec/identify.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { DiscoveryControllerSpec, KernelVersion, SubsystemSpec } from "../../../src/adapters/sim/spec.js";
import { discoveryController, HOST, Lab, NQN_A, subsystem, tcp, WELL_KNOWN } from "./kernel-lab.js";

const DC = `nqn=${WELL_KNOWN},transport=tcp,traddr=10.99.0.2,trsvcid=8009,${HOST},reconnect_delay=1`;
const via = (port: string): string => `nqn=${NQN_A},transport=tcp,traddr=10.99.0.2,trsvcid=${port},${HOST}`;

function lab(
  more: { readonly dc?: Partial<DiscoveryControllerSpec>; readonly volume?: Partial<SubsystemSpec> } = {},
  version: KernelVersion = "6.12",
): Lab {
  const addresses = ["4420", "4421", "4422"].map((port) => tcp("10.99.0.2", port));
  return new Lab({
    version,
    fabric: {
      discoveryControllers: [discoveryController("dc", [tcp("10.99.0.2", "8009")], more.dc)],
      subsystems: [subsystem("a", NQN_A, addresses, more.volume)],
    },
  });
}

function headersOf(rig: Lab): string[] {
  return rig.headers().map((header) => header.replace(/@.*\//, " "));
}

describe("a connect that fails", () => {
  test.each([0x181, 0x182, 0x184, 0x4184])("with status %i is EIO, after add and before remove", (status) => {
    const rig = lab();
    rig.apply({ kind: "fail-connects", to: "dc", failure: { kind: "status", status }, times: 1 });
    expect(rig.connect(DC).result).toEqual({ ok: false, errno: ERRNO.EIO });
    expect(headersOf(rig)).toEqual(["add nvme0", "remove nvme0"]);
    expect(rig.connect(DC).result.ok).toBe(true);
  });

  test("with an errno has that errno, until connects are accepted again", () => {
    const rig = lab();
    rig.apply({ kind: "fail-connects", to: "dc", failure: { kind: "errno", errno: 4 } });
    expect(rig.connect(DC).result).toEqual({ ok: false, errno: 4 });
    expect(rig.connect(DC).result).toEqual({ ok: false, errno: 4 });
    rig.apply({ kind: "accept-connects", to: "dc" });
    expect(rig.connect(DC).result.ok).toBe(true);
    expect(rig.offer({ kind: "accept-connects", to: "nobody" })).toBe(false);
  });

  test.each([
    ["6.12", 0x184, "connecting"],
    ["6.12", 0x4184, undefined],
    ["6.1", 0x4184, "connecting"],
    ["5.14", 0x4184, "connecting"],
  ] as const)("on %s, a reconnect with status %i leaves it %s", (version, status, state) => {
    const rig = lab({}, version);
    rig.connected(`${DC},ctrl_loss_tmo=600`);
    rig.apply({ kind: "fail-connects", to: "dc", failure: { kind: "status", status } });
    rig.apply({ kind: "reset-device", target: "dc" });
    rig.run(5_000);
    expect(rig.state("nvme0")).toBe(state);
  });
});

describe("a subsystem with few controllers", () => {
  test("rejects the connect that finds none left, until one is free", () => {
    const rig = lab({ volume: { controllers: 2 } });
    rig.connected(via("4420"));
    const second = rig.connected(via("4421"));
    expect(rig.connect(via("4422")).result).toEqual({ ok: false, errno: ERRNO.EIO });
    rig.delete(second);
    expect(rig.connect(via("4422")).result.ok).toBe(true);
  });

  test("has a controller for a reset of its own", () => {
    const rig = lab({ volume: { controllers: 1 } });
    const only = rig.connected(via("4420"));
    rig.apply({ kind: "reset-device", target: only });
    rig.run(1_000);
    expect(rig.state(only)).toBe("live");
  });
});

describe("a subsystem whose addresses number their controllers on their own", () => {
  test("has one path: the kernel rejects the id that it has seen", () => {
    const rig = lab({ volume: { cntlids: "per-address" } });
    const first = rig.connected(via("4420"));
    expect(rig.connect(via("4421")).result).toEqual({ ok: false, errno: ERRNO.EINVAL });
    rig.delete(first);
    expect(rig.attribute(rig.connected(via("4421")), "cntlid")).toBe("1\n");
  });
});

describe("a discovery controller", () => {
  test("that sends no AENs says so in Identify, and its page changes in silence", () => {
    const rig = lab({ dc: { aens: false } });
    const handle = rig.handle(rig.connected(DC), "admin");
    let oaes: number | undefined;
    rig.kernel.admin(handle, identifyController(Milliseconds(1_000)), (result) => {
      if (result.ok) oaes = decodeIdentify(result.bytes).oaes;
    });
    rig.run(1_000);
    expect(oaes).toBe(0);
    const before = rig.uevents.length;
    rig.apply({ kind: "list", dc: "dc", entries: [{ kind: "subsystem", id: "a", ncc: false }] });
    rig.run(1_000);
    expect(rig.uevents.length).toBe(before);
  });

  test("that refuses keep-alives takes a connect without a keep-alive timeout only", () => {
    const rig = lab({ dc: { keepAlive: "refused" } });
    expect(rig.connect(`${DC},keep_alive_tmo=30`).result).toEqual({ ok: false, errno: ERRNO.EIO });
    expect(rig.connect(`${DC},keep_alive_tmo=0`).result.ok).toBe(true);
  });

  test("that answers no keep-alive is not missed when its link dies silently", () => {
    const rig = lab({ dc: { keepAlive: "ignored" } });
    rig.connected(`${DC},keep_alive_tmo=5`);
    rig.apply({ kind: "link", hostIface: "vh", state: "silent" });
    rig.run(3_600_000);
    expect(rig.state("nvme0")).toBe("live");
  });
});

describe("a target that authenticates hosts", () => {
  const keys = { secret: "DHHC-1:00:a2V5a2V5a2V5:", ctrlSecret: "DHHC-1:00:bWluZW1pbmVt:" };
  const other = "DHHC-1:00:b3RoZXJvdGhl:";
  const secret = `${DC},dhchap_secret=${keys.secret}`;

  test.each([
    ["6.12", DC, ERRNO.ENOKEY],
    ["6.1", DC, ERRNO.EIO],
    ["6.12", `${DC},dhchap_secret=${other}`, ERRNO.EKEYREJECTED],
    ["6.1", `${DC},dhchap_secret=${other}`, ERRNO.ECONNREFUSED],
    ["6.12", `${secret},dhchap_ctrl_secret=${other}`, ERRNO.EKEYREJECTED],
  ] as const)("on %s refuses %s with errno %i", (version, options, errno) => {
    expect(lab({ dc: { dhchap: keys } }, version).connect(options).result).toEqual({ ok: false, errno });
  });

  test("accepts the right keys, and leaves what is connected alone when they change", () => {
    const rig = lab({ dc: { dhchap: keys } });
    const device = rig.connected(`${secret},dhchap_ctrl_secret=${keys.ctrlSecret}`);
    rig.apply({ kind: "dhchap", id: "dc", keys: { secret: other } });
    rig.run(60_000);
    expect(rig.state(device)).toBe("live");
    rig.apply({ kind: "dhchap", id: "dc" });
    expect(rig.connect(DC).result.ok).toBe(true);
  });

  test.each([
    ["6.12", undefined],
    ["6.1", "connecting"],
  ] as const)("rejects a reconnect with an old key: on %s the controller is then %s", (version, state) => {
    const rig = lab({ dc: { dhchap: keys } }, version);
    const device = rig.connected(secret);
    rig.apply({ kind: "dhchap", id: "dc", keys: { secret: other } });
    rig.apply({ kind: "reset-device", target: device });
    rig.run(5_000);
    expect(rig.state(device)).toBe(state);
  });
});

describe("a host that sleeps", () => {
  test.each([
    ["30s kato, for 20 s", `${DC},keep_alive_tmo=30`, 20_000, "live"],
    ["30s kato, for 40 s", `${DC},keep_alive_tmo=30`, 40_000, "connecting"],
    ["no kato, for 40 s", DC, 40_000, "live"],
    ["no kato, for 3 min", DC, 180_000, "connecting"],
  ] as const)("with %s", (_, options, asleep, state) => {
    const rig = lab();
    const device = rig.connected(options);
    rig.apply({ kind: "suspend", asleep: Milliseconds(asleep) });
    rig.run(500);
    expect(rig.state(device)).toBe(state);
    rig.run(10_000);
    expect(rig.state(device)).toBe("live");
  });
});

describe("a renamed interface", () => {
  test("keeps its connections; a reconnect asks for the old name, in vain", () => {
    const lab = new Lab();
    lab.connected(`${DC},keep_alive_tmo=5,host_iface=vh`);
    lab.apply({ kind: "rename-interface", name: "vh", to: "lan0" });
    lab.run(3600_000);
    expect(lab.state("nvme0")).toBe("live");
    expect(lab.attribute("nvme0", "address")).toContain("host_iface=vh,");
    lab.apply({ kind: "reset-device", target: "nvme0" });
    lab.run(60_000);
    expect(lab.state("nvme0")).toBe("connecting");
    lab.apply({ kind: "rename-interface", name: "lan0", to: "vh" });
    lab.run(10_000);
    expect(lab.state("nvme0")).toBe("live");
  });
});
