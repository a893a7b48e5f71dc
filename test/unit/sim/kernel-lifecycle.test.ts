import { describe, expect, test } from "vitest";
import { identifyController } from "../../../src/core/codec/admin.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { KernelVersion } from "../../../src/adapters/sim/spec.js";
import { HOST, Lab, NQN_A, NQN_B, WELL_KNOWN } from "./kernel-lab.js";

const DC = `nqn=${WELL_KNOWN},transport=tcp,traddr=10.99.0.2,trsvcid=8009,${HOST},keep_alive_tmo=5,reconnect_delay=1`;
const IO = `nqn=${NQN_A},transport=tcp,traddr=10.99.0.2,trsvcid=4420,${HOST},keep_alive_tmo=5,reconnect_delay=1`;
const B = `nqn=${NQN_B},transport=tcp,traddr=127.0.0.1,trsvcid=4420,${HOST},reconnect_delay=1`;

const TIMEOUT = Milliseconds(60_000);

function silence(lab: Lab): number {
  lab.apply({ kind: "link", hostIface: "vh", state: "silent" });
  return lab.now();
}

function heal(lab: Lab): number {
  lab.apply({ kind: "link", hostIface: "vh", state: "up" });
  return lab.now();
}

/** Stops all listeners at 127.0.0.1:4420, so that it refuses. */
function closePort(lab: Lab): void {
  lab.apply({ kind: "listener", id: "a", index: 2, state: "refuses" });
  lab.apply({ kind: "listener", id: "private", state: "refuses" });
  lab.apply({ kind: "listener", id: "b", index: 1, state: "refuses" });
}

/** State and ms since `from`, for each change of a device. */
function since(lab: Lab, name: string, from: number): [string, number][] {
  return lab
    .states(name)
    .filter(({ at }) => at >= from)
    .map(({ to, at }) => [to, at - from]);
}

function removedAt(lab: Lab): number | undefined {
  return lab.observed.find(({ what }) => what.kind === "controller-removed")?.at;
}

function causes(lab: Lab): string[] {
  return lab.observed.flatMap(({ what }) => (what.kind === "controller-removed" ? [what.cause] : []));
}

describe("a port that goes away", () => {
  test("resets the controller within ms, tries once per reconnect_delay, then removes it (6.12-cloud.s4)", () => {
    const lab = new Lab();
    lab.connected(`${B},ctrl_loss_tmo=5`);
    lab.run(500);
    const from = lab.now();
    closePort(lab);
    lab.run(10_000);
    expect(since(lab, "nvme0", from).map(([state]) => state)).toEqual([
      "resetting",
      "connecting",
      "deleting",
      "deleting (no IO)",
    ]);
    const [resetting, connecting, deleting] = since(lab, "nvme0", from).map(([, at]) => at);
    expect(resetting).toBe(5);
    expect(connecting).toBe(20);
    // Five attempts of a second and 20 ms each: 5.13 s in the log.
    expect(deleting).toBeGreaterThan(5000);
    expect(deleting).toBeLessThan(5300);
    expect((removedAt(lab) ?? 0) - from - (deleting ?? 0)).toBe(68);
    expect(causes(lab)).toEqual(["ctrl-loss"]);
    expect(lab.kernel.list()).toEqual([]);
  });

  test("nothing announces that a controller leaves live", () => {
    const lab = new Lab();
    lab.connected(`${B},ctrl_loss_tmo=60`);
    lab.run(500);
    lab.uevents.length = 0;
    closePort(lab);
    lab.run(3000);
    expect(lab.state("nvme0")).toBe("connecting");
    expect(lab.uevents).toEqual([]);
  });

  test("the next attempt succeeds: a DC sends `rediscover`, then `connected`, an I/O controller only `connected`", () => {
    const lab = new Lab();
    lab.connected(`${DC},ctrl_loss_tmo=60`);
    lab.connected(`${IO},ctrl_loss_tmo=60`);
    lab.run(500);
    lab.apply({ kind: "listener", id: "far", state: "refuses" });
    lab.apply({ kind: "listener", id: "a", state: "refuses" });
    lab.run(2500);
    lab.uevents.length = 0;
    lab.apply({ kind: "listener", id: "far", state: "up" });
    lab.apply({ kind: "listener", id: "a", state: "up" });
    lab.run(1200);
    expect([lab.state("nvme0"), lab.state("nvme1")]).toEqual(["live", "live"]);
    const events = (name: string): string[] =>
      lab.uevents
        .map(({ message }) => Buffer.from(message).toString("latin1"))
        .filter((text) => text.includes(`/${name}\0`))
        .map((text) => /NVME_EVENT=(\w+)/.exec(text)?.[1] ?? "");
    expect(events("nvme0")).toEqual(["rediscover", "connected"]);
    expect(events("nvme1")).toEqual(["connected"]);
  });

  test.each([
    ["6.12", "rejected", 1100],
    ["6.1", "ctrl-loss", 5200],
  ] as const)(
    "after a rejected reconnect %s removes the controller as %s after %i ms",
    (version: KernelVersion, cause, took) => {
      const lab = new Lab({ version });
      lab.connected(`${B},ctrl_loss_tmo=5`);
      lab.run(500);
      const from = lab.now();
      // Others still listen on that port, so the target answers: 0x4182 (6.12-cloud.s4.log, case 1).
      lab.apply({ kind: "listener", id: "b", index: 1, state: "refuses" });
      lab.run(10_000);
      expect(causes(lab)).toEqual([cause]);
      expect((removedAt(lab) ?? 0) - from).toBeGreaterThan(took - 100);
      expect((removedAt(lab) ?? 0) - from).toBeLessThan(took + 100);
    },
  );

  test("ctrl_loss_tmo=0 removes at once, -1 retries forever", () => {
    const lab = new Lab();
    lab.connected(`${IO},ctrl_loss_tmo=0`);
    lab.run(500);
    const from = lab.now();
    lab.apply({ kind: "listener", id: "a", state: "refuses" });
    lab.run(500);
    expect(since(lab, "nvme0", from).map(([state]) => state)).toEqual(["resetting", "deleting", "deleting (no IO)"]);
    expect((removedAt(lab) ?? 0) - from).toBeLessThan(120);
    lab.apply({ kind: "listener", id: "a", state: "up" });
    lab.connected(`${IO},ctrl_loss_tmo=-1`);
    lab.apply({ kind: "listener", id: "a", state: "refuses" });
    lab.run(24 * 3600_000);
    expect(lab.state("nvme0")).toBe("connecting");
  });

  test("a controller stays live if its host loses access", () => {
    const lab = new Lab();
    lab.connected(B);
    lab.apply({ kind: "allow-hosts", subsystem: "b", hosts: [] });
    lab.run(3600_000);
    expect(lab.state("nvme0")).toBe("live");
  });
});

describe("a silent loss", () => {
  test("kato 5: noticed after 5 to 7.5 s, connecting 0.9 s later, 2.5 s later with two I/O queues (6.12-cloud.s5)", () => {
    const lab = new Lab();
    lab.connected(`${DC},ctrl_loss_tmo=60`);
    // As in the log, 6.52 and 6.78 s; the link goes down at 7.35 s.
    lab.run(225);
    lab.connected(`${IO},ctrl_loss_tmo=60`);
    lab.run(560);
    const from = silence(lab);
    lab.run(12_000);
    const [noticed, connecting] = since(lab, "nvme0", from).map(([, at]) => at);
    expect(noticed).toBeGreaterThan(6400);
    expect(noticed).toBeLessThan(7000);
    expect((connecting ?? 0) - (noticed ?? 0)).toBe(900);
    const [ioNoticed, ioConnecting] = since(lab, "nvme1", from).map(([, at]) => at);
    expect(ioNoticed).toBeGreaterThan(6600);
    expect(ioNoticed).toBeLessThan(7200);
    expect((ioConnecting ?? 0) - (ioNoticed ?? 0)).toBe(2540);
  });

  test("6.1 takes 8.2 s from resetting to connecting (6.1-cloud.s5)", () => {
    const lab = new Lab({ version: "6.1" });
    lab.connected(`${DC},ctrl_loss_tmo=60`);
    const from = silence(lab);
    lab.run(20_000);
    const [noticed, connecting] = since(lab, "nvme0", from).map(([, at]) => at);
    expect((connecting ?? 0) - (noticed ?? 0)).toBe(8230);
  });

  test("ctrl_loss_tmo counts attempts: 10 attempts on a dead link take 39 s (6.12-cloud.s7)", () => {
    const lab = new Lab();
    lab.connected(`${DC},ctrl_loss_tmo=10`);
    silence(lab);
    const connecting = lab.until(() => lab.states("nvme0").find(({ to }) => to === "connecting")?.at);
    const gone = lab.until(() => removedAt(lab));
    expect(gone - connecting).toBeGreaterThan(38_000);
    expect(gone - connecting).toBeLessThan(39_500);
  });

  test("a link that is back before the keep-alive expires has no effect", () => {
    const lab = new Lab();
    lab.connected(DC);
    lab.uevents.length = 0;
    silence(lab);
    lab.run(4000);
    heal(lab);
    lab.run(60_000);
    expect(lab.states("nvme0").map(({ to }) => to)).toEqual(["live"]);
    expect(lab.uevents).toEqual([]);
  });

  test("without a keep-alive the host never notices", () => {
    const lab = new Lab();
    lab.connected(DC.replace(",keep_alive_tmo=5", ""));
    silence(lab);
    lab.run(3600_000);
    expect(lab.state("nvme0")).toBe("live");
  });

  test("the host notices a link that is down like a silent link, but attempts fail at once", () => {
    const lab = new Lab();
    lab.connected(`${DC},ctrl_loss_tmo=10`);
    lab.apply({ kind: "link", hostIface: "vh", state: "down" });
    const from = lab.now();
    const connecting = lab.until(() => lab.states("nvme0").find(({ to }) => to === "connecting")?.at);
    expect(connecting - from).toBeGreaterThan(5000);
    const gone = lab.until(() => removedAt(lab));
    expect(gone - connecting).toBeLessThan(10_500);
  });

  test("a blocked ioctl ends with EINTR 0.4 s after the host noticed the loss (6.12-cloud.s7)", () => {
    const lab = new Lab();
    lab.connected(`${DC},ctrl_loss_tmo=10`);
    lab.run(1200);
    const admin = lab.handle("nvme0", "admin");
    const from = silence(lab);
    let errno: number | undefined;
    lab.kernel.admin(admin, identifyController(TIMEOUT), (result) => (errno = result.ok ? 0 : result.errno));
    expect(lab.until(() => errno)).toBe(ERRNO.EINTR);
    // 6.9 s in the log.
    expect(lab.now() - from).toBeGreaterThan(6000);
    expect(lab.now() - from).toBeLessThan(7500);
    expect(lab.state("nvme0")).toBe("resetting");
  });

  test("on 6.1 a blocked ioctl lasts until it times out, and its controller does not reconnect before", () => {
    const lab = new Lab({ version: "6.1" });
    lab.connected(DC);
    const admin = lab.handle("nvme0", "admin");
    const from = silence(lab);
    let status: number | undefined;
    lab.kernel.admin(admin, identifyController(TIMEOUT), (result) => (status = result.ok ? result.status : -1));
    expect(lab.until(() => status)).toBe(0x371);
    expect(lab.now() - from).toBeGreaterThan(TIMEOUT);
    expect(lab.state("nvme0")).toBe("resetting");
    lab.run(3000);
    expect(lab.state("nvme0")).toBe("connecting");
  });

  test("a command into a silent link gets its answer once the link is back", () => {
    const lab = new Lab();
    lab.connected(DC);
    const admin = lab.handle("nvme0", "admin");
    silence(lab);
    let ok: boolean | undefined;
    lab.kernel.admin(admin, identifyController(TIMEOUT), (result) => (ok = result.ok));
    lab.run(3000);
    expect(ok).toBeUndefined();
    heal(lab);
    lab.run(100);
    expect(ok).toBe(true);
  });

  test("a quiet host needs no clock events", () => {
    const lab = new Lab();
    lab.connected(DC);
    lab.connected(IO);
    lab.run(1000);
    expect(lab.run(24 * 3600_000)).toBe(0);
  });
});

describe("deletes", () => {
  test("take 10 to 120 ms on a live controller, 100 ms on a connecting one", () => {
    const lab = new Lab();
    lab.connected(DC);
    expect(lab.delete("nvme0")).toEqual({ errno: 0, took: 26 });
    lab.connected(IO);
    lab.run(100);
    expect(lab.delete("nvme0")).toEqual({ errno: 0, took: 70 });
    lab.connected(IO);
    lab.apply({ kind: "listener", id: "a", state: "refuses" });
    lab.run(1500);
    expect(lab.state("nvme0")).toBe("connecting");
    expect(lab.delete("nvme0")).toEqual({ errno: 0, took: 100 });
    expect(causes(lab)).toEqual(["delete", "delete", "delete"]);
  });

  test("take 63 s on a live controller with a dead link, but remove its disks at once (6.12-cloud.s7)", () => {
    const lab = new Lab();
    lab.connected(IO);
    lab.run(100);
    silence(lab);
    lab.uevents.length = 0;
    const ended = lab.delete("nvme0");
    expect(ended).toEqual({ errno: 0, took: 63_677 });
    const [first, , , controller] = lab.uevents;
    expect(first?.header).toContain("/ng0n1");
    expect((controller?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(63_000);
    expect(lab.states("nvme0").map(({ to }) => to)).toEqual(["live", "deleting", "deleting (no IO)"]);
  });

  test("end soon after the dead link is back", () => {
    const lab = new Lab();
    lab.connected(DC);
    silence(lab);
    let errno: number | undefined;
    lab.kernel.deleteThrough("stas", lab.handle("nvme0", "delete"), (result) => (errno = result.ok ? 0 : result.errno));
    lab.run(10_000);
    expect(errno).toBeUndefined();
    heal(lab);
    lab.run(200);
    expect(errno).toBe(0);
    lab.run(120_000);
    expect(causes(lab)).toEqual(["delete"]);
  });

  test("fail with ENODEV during another delete, and find nothing after it", () => {
    const lab = new Lab();
    lab.connected(IO);
    const [first, second] = [lab.handle("nvme0", "delete"), lab.handle("nvme0", "delete")];
    const results: number[] = [];
    for (const handle of [first, second]) {
      lab.kernel.deleteThrough("stas", handle, (result) => results.push(result.ok ? 0 : result.errno));
    }
    lab.run(200);
    expect(results).toEqual([ERRNO.ENODEV, 0]);
    expect(lab.kernel.openHandle("nvme0", "delete")).toEqual({ ok: false, errno: ERRNO.ENOENT });
  });

  test("wait for the end of a connect", () => {
    const lab = new Lab();
    const box = lab.begin(IO);
    lab.run(12);
    let errno: number | undefined;
    lab.kernel.deleteThrough("stas", lab.handle("nvme0", "delete"), (result) => (errno = result.ok ? 0 : result.errno));
    lab.run(500);
    expect(box.result?.ok).toBe(true);
    expect(errno).toBe(0);
    expect(lab.kernel.list()).toEqual([]);
  });
});

describe("resets and removals by others", () => {
  test("a reset sends `rediscover` and `connected`, and gets a new cntlid (6.12-cloud.s1)", () => {
    const lab = new Lab();
    lab.connected(DC);
    lab.connected(IO);
    lab.run(100);
    const from = lab.now();
    lab.apply({ kind: "reset-device", target: "nvme0" });
    lab.run(500);
    expect(since(lab, "nvme0", from).map(([state]) => state)).toEqual(["resetting", "connecting", "live"]);
    expect(since(lab, "nvme0", from).at(-1)?.[1]).toBe(32);
    expect(lab.attribute("nvme0", "cntlid")).toBe("3\n");
    lab.apply({ kind: "reset-device", target: "a" });
    lab.run(500);
    expect(lab.attribute("nvme1", "cntlid")).toBe("1\n");
  });

  test.each([
    ["6.12", "rejected", 200],
    ["6.1", "ctrl-loss", 4300],
  ] as const)(
    "after a reset that the target rejects, %s ends as %s (6.12-cloud.s4, case 8)",
    (version, cause, within) => {
      const lab = new Lab({ version });
      lab.connected(`${B},ctrl_loss_tmo=5`);
      lab.run(100);
      lab.apply({ kind: "allow-hosts", subsystem: "b", hosts: [] });
      const from = lab.now();
      lab.apply({ kind: "reset-device", target: "nvme0" });
      lab.run(20_000);
      expect(causes(lab)).toEqual([cause]);
      expect((removedAt(lab) ?? 0) - from).toBeGreaterThan(within - 200);
      expect((removedAt(lab) ?? 0) - from).toBeLessThan(within + 200);
    },
  );

  test("remove-device accepts a name or a peer; add-device connects as another actor", () => {
    const lab = new Lab();
    lab.apply({ kind: "add-device", to: "far", madeBy: "nvme-cli" });
    lab.run(100);
    expect(lab.kernel.views()).toMatchObject([
      { name: "nvme0", peer: "far", madeBy: "nvme-cli", role: "discovery", state: "live", subsysnqn: WELL_KNOWN },
    ]);
    expect(lab.attribute("nvme0", "kato")).toBe("30\n");
    lab.apply({ kind: "remove-device", target: "far" });
    lab.run(100);
    expect(lab.kernel.views()).toEqual([]);
    expect(lab.headers().slice(-2)).toEqual([
      "remove@/devices/virtual/nvme-fabrics/ctl/nvme0",
      "remove@/devices/virtual/nvme-subsystem/nvme-subsys0",
    ]);
    const removed = lab.observed.flatMap(({ what }) => (what.kind === "controller-removed" ? [what.by] : []));
    expect(removed).toEqual(["kernel"]);
    expect(lab.offer({ kind: "remove-device", target: "far" })).toBe(false);
    expect(lab.offer({ kind: "add-device", to: "nobody", madeBy: "nvme-cli" })).toBe(false);
  });
});
