import { describe, expect, test } from "vitest";
import { DISCOVERY_LSP, getLogPage, identifyController, LID } from "../../../src/core/codec/admin.js";
import { decodeDiscoveryEntries, decodeDiscoveryHeader } from "../../../src/core/codec/discovery-log.js";
import { decodeIdentify } from "../../../src/core/codec/identify.js";
import { registerHost } from "../../../src/core/codec/dim.js";
import { decodeSupportedLogPages } from "../../../src/core/codec/supported-log-pages.js";
import { toHex } from "../../../src/core/codec/text.js";
import { EFLAG_NCC } from "../../../src/core/domain/discovery-log.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { AdminCommand } from "../../../src/core/ports/fabrics.js";
import type { AnswerSpec, FabricSpec } from "../../../src/adapters/sim/spec.js";
import type { AdminResult } from "../../../src/adapters/sim/kernel/kernel.js";
import { discoveryController, HOST, HOST_NQN, Lab, NQN_A, NQN_B, subsystem, tcp, WELL_KNOWN } from "./kernel-lab.js";

const DC = `nqn=${WELL_KNOWN},transport=tcp,traddr=127.0.0.1,trsvcid=8009,${HOST}`;
const TIMEOUT = Milliseconds(60_000);

type Rae = "retain" | "clear";

function page(
  lid: number,
  rae: Rae = "retain",
  more: { lsp?: number; offset?: number; length?: number } = {},
): AdminCommand {
  return getLogPage({ lid, rae, lsp: 0, offset: 0, length: 4096, timeout: TIMEOUT, ...more });
}

function ask(lab: Lab, name: string, command: AdminCommand): AdminResult {
  const handle = lab.handle(name, "admin");
  let got: AdminResult | undefined;
  lab.kernel.admin(handle, command, (result) => (got = result));
  const result = lab.until(() => got);
  lab.kernel.closeHandle(handle);
  return result;
}

function bytesOf(result: AdminResult): Uint8Array {
  if (!result.ok || result.status !== 0) throw new Error("no page");
  return result.bytes;
}

function names(lab: Lab, name = "nvme0", more: { lsp?: number } = {}): string[] {
  const bytes = bytesOf(ask(lab, name, page(LID.discovery, "retain", { length: 16384, ...more })));
  const { numrec } = decodeDiscoveryHeader(bytes);
  return decodeDiscoveryEntries(bytes.subarray(1024, 1024 * (numrec + 1))).map(({ subnqn }) => subnqn);
}

function aens(lab: Lab): string[] {
  const all = lab.uevents.map(({ message }) => Buffer.from(message).toString("latin1"));
  lab.uevents.length = 0;
  return all.flatMap((text) => (text.includes("NVME_AEN=0x70f002") ? [/DEVNAME=(\w+)/.exec(text)?.[1] ?? ""] : []));
}

function opcode(code: number, cdw10 = 0): AdminCommand {
  return { ...identifyController(TIMEOUT), opcode: code, cdw10, data: { direction: "from-controller", length: 4096 } };
}

describe("log pages and Identify", () => {
  test("the page matches 6.12-cloud.s1, byte for byte", () => {
    const lab = new Lab();
    lab.connected(DC);
    // The page in the log had changed seven times.
    for (let i = 0; i < 7; i++) lab.apply({ kind: "ncc", dc: "port1", entries: ["a"], set: "clear" });
    const bytes = bytesOf(ask(lab, "nvme0", page(LID.discovery)));
    const rows: [number, string][] = [];
    for (let at = 0; at < bytes.length; at += 32) {
      const row = toHex(bytes.subarray(at, at + 32));
      if (!/^0+$/.test(row)) rows.push([at, row]);
    }
    const zeros = (text: string): string => text.padEnd(64, "0");
    expect(rows).toEqual([
      [0x000, zeros("08000000000000000300000000000000")],
      [0x400, zeros("030103040100ffff2000")],
      [0x420, zeros("38303039")],
      [0x500, "6e716e2e323031342d30382e6f72672e6e766d657870726573732e646973636f"],
      [0x520, zeros("76657279")],
      [0x600, zeros("3132372e302e302e31")],
      [0x800, zeros("030102040100ffff2000")],
      [0x820, zeros("38303039")],
      [0x900, zeros("6e716e2e323032342d30312e696f2e6c61623a7375627379732d61")],
      [0xa00, zeros("3132372e302e302e31")],
      [0xc00, zeros("030102040100ffff2000")],
      [0xc20, zeros("38303039")],
      [0xd00, zeros("6e716e2e323032342d30312e696f2e6c61623a7375627379732d62")],
      [0xe00, zeros("3132372e302e302e31")],
    ]);
  });

  test("short reads, offsets and lsp work as in 6.12-cloud.s1", () => {
    const lab = new Lab();
    lab.connected(DC);
    const whole = bytesOf(ask(lab, "nvme0", page(LID.discovery)));
    for (const length of [16, 20, 1024]) {
      expect(bytesOf(ask(lab, "nvme0", page(LID.discovery, "retain", { length })))).toEqual(whole.subarray(0, length));
    }
    const second = bytesOf(ask(lab, "nvme0", page(LID.discovery, "retain", { offset: 1024, length: 1024 })));
    expect(second).toEqual(whole.subarray(1024, 2048));
    const across = bytesOf(ask(lab, "nvme0", page(LID.discovery, "retain", { offset: 1000, length: 1100 })));
    expect(across).toEqual(whole.subarray(1000, 2100));
    expect(names(lab, "nvme0", { lsp: DISCOVERY_LSP.pleo })).toEqual(names(lab));
    const beyond = bytesOf(ask(lab, "nvme0", page(LID.discovery, "retain", { offset: 65_536, length: 64 })));
    expect(beyond).toEqual(new Uint8Array(64));
  });

  test("on a plain target log pages 0x00, 0x02 and 0x71 return 0x6002, and DIM 0x6001", () => {
    const lab = new Lab();
    lab.connected(DC);
    for (const lid of [0x00, 0x02, 0x71]) {
      expect(ask(lab, "nvme0", page(lid, "retain", { length: 1024 }))).toMatchObject({ ok: true, status: 0x6002 });
    }
    expect(ask(lab, "nvme0", opcode(0x21))).toMatchObject({ ok: true, status: 0x6001 });
    expect(ask(lab, "nvme0", opcode(0x0a, 0x0f))).toMatchObject({ ok: true, status: 0, value: 0 });
  });

  test("Identify distinguishes discovery and I/O controllers", () => {
    const lab = new Lab();
    lab.connected(DC);
    lab.connected(DC.replace(WELL_KNOWN, NQN_A).replace("8009", "4420"));
    const dc = decodeIdentify(bytesOf(ask(lab, "nvme0", identifyController(TIMEOUT))));
    expect(dc).toMatchObject({
      cntrltype: 2,
      oaes: 0x80000000,
      dctype: 0,
      cntlid: 1,
      subnqn: WELL_KNOWN,
      firmware: "6.12.117",
    });
    const io = decodeIdentify(bytesOf(ask(lab, "nvme1", identifyController(TIMEOUT))));
    expect(io).toMatchObject({ cntrltype: 1, subnqn: NQN_A, cntlid: 2 });
  });

  test("a CDC shows its dctype and supported log pages, and accepts registrations", () => {
    const cdc = discoveryController("cdc", [tcp("127.0.0.1", "8009")], { kind: "cdc", pleo: true, extdlpes: true });
    const lab = new Lab({ fabric: { discoveryControllers: [cdc], subsystems: [] } });
    lab.connected(DC);
    expect(lab.attribute("nvme0", "dctype")).toBe("cdc\n");
    const supported = decodeSupportedLogPages(bytesOf(ask(lab, "nvme0", page(0, "retain", { length: 1024 }))));
    expect(supported).toEqual({ lids: [0x00, 0x70], pleos: true, extdlpes: true, allsubes: false });
    const host = { hostNqn: "nqn.x", hostId: "5f0e7a1c-2b7d-4ef1-9d0a-0c6a3f1b2c4d", symname: "rack 7" };
    const about = { entityName: "host", entityVersion: "Linux", family: "ipv4" } as const;
    expect(ask(lab, "nvme0", registerHost({ ...host, ...about }, Milliseconds(1000)))).toMatchObject({
      ok: true,
      status: 0,
    });
    expect(ask(lab, "nvme0", opcode(0x21))).toMatchObject({ ok: true, status: 0x6002 });
  });

  test("PLEO limits the page to the address that it is read through; NCC and padding reach the wire", () => {
    const fabric: FabricSpec = {
      discoveryControllers: [
        discoveryController("dc", [tcp("127.0.0.1", "8009")], {
          pleo: true,
          padding: "space",
          entries: [
            { kind: "subsystem", id: "near", ncc: true },
            { kind: "subsystem", id: "far", ncc: false },
            { kind: "referral", id: "other" },
            { kind: "raw", fields: { traddr: "::ffff:1.2.3.4", subnqn: "nqn.x:raw", trtype: 200 } },
          ],
        }),
        discoveryController("other", [tcp("127.0.0.9", "8009")]),
      ],
      subsystems: [
        subsystem("near", "nqn.x:near", [tcp("127.0.0.1", "4420")]),
        subsystem("far", "nqn.x:far", [tcp("127.0.0.2", "4420"), tcp("127.0.0.3", "4420")]),
      ],
    };
    const lab = new Lab({ fabric });
    lab.connected(DC);
    expect(names(lab)).toEqual([WELL_KNOWN, "nqn.x:near", "nqn.x:far", "nqn.x:far", WELL_KNOWN, "nqn.x:raw"]);
    expect(names(lab, "nvme0", { lsp: DISCOVERY_LSP.pleo })).toEqual([WELL_KNOWN, "nqn.x:near", WELL_KNOWN]);
    const bytes = bytesOf(ask(lab, "nvme0", page(LID.discovery, "retain", { length: 8192 })));
    const entries = decodeDiscoveryEntries(bytes.subarray(1024, 7168));
    expect(entries[1]?.eflags).toBe(EFLAG_NCC);
    expect(entries[4]).toMatchObject({ subtype: "referral", treq: 0, traddr: "127.0.0.9" });
    expect(entries[5]).toMatchObject({ trtype: 200, traddr: "::ffff:1.2.3.4", adrfam: 2 });
    // Spaces pad the field to its end.
    expect(bytes[1024 + 512 + 255]).toBe(0x20);
  });
});

describe("scripted answers", () => {
  function armed(answers: readonly AnswerSpec[]): Lab {
    const lab = new Lab();
    lab.connected(`${DC},keep_alive_tmo=30`);
    lab.apply({ kind: "answers", dc: "port1", answers });
    return lab;
  }

  test("give a status or an errno, as often as the scenario says", () => {
    const lab = armed([
      { lid: 0x70, status: 0x4002, times: 2 },
      { lid: 0x70, errno: ERRNO.EIO, times: 1 },
    ]);
    const results = [1, 2, 3, 4].map(() => ask(lab, "nvme0", page(LID.discovery)));
    expect(results.map((result) => (result.ok ? result.status : -result.errno))).toEqual([0x4002, 0x4002, -5, 0]);
    expect(ask(lab, "nvme0", page(2, "retain", { length: 512 }))).toMatchObject({ status: 0x6002 });
  });

  test("can give a wrong numrec and change the generation counter", () => {
    const lab = armed([{ lid: 0x70, numrec: 100_000, genctrMoves: 2 }]);
    const headers = [1, 2, 3, 4].map(() => {
      const bytes = bytesOf(ask(lab, "nvme0", page(LID.discovery, "retain", { length: 1024 })));
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      return [Number(view.getBigUint64(0, true)), Number(view.getBigUint64(8, true))];
    });
    expect(headers).toEqual([
      [1, 100_000],
      [2, 100_000],
      [3, 100_000],
      [3, 100_000],
    ]);
  });

  test("can be late; if too late, the driver treats the controller as lost, as after any timeout", () => {
    const lab = armed([{ lid: 0x70, after: Milliseconds(5000) }]);
    const from = lab.now();
    expect(ask(lab, "nvme0", page(LID.discovery)).ok).toBe(true);
    expect(lab.now() - from).toBe(5002);
    const short = getLogPage({ lid: 0x70, rae: "clear", lsp: 0, offset: 0, length: 1024, timeout: Milliseconds(1000) });
    expect(ask(lab, "nvme0", short)).toEqual({ ok: false, errno: ERRNO.EINTR });
    expect(lab.state("nvme0")).toBe("resetting");
  });
});

describe("handles", () => {
  test("opening a connecting controller is EAGAIN, a missing one ENOENT", () => {
    const lab = new Lab();
    lab.connected(`${DC},reconnect_delay=1`);
    lab.apply({ kind: "listener", id: "port1", state: "refuses" });
    lab.apply({ kind: "listener", id: "a", index: 0, state: "refuses" });
    lab.apply({ kind: "listener", id: "b", index: 0, state: "refuses" });
    lab.run(1500);
    expect(lab.state("nvme0")).toBe("connecting");
    expect(lab.kernel.openHandle("nvme0", "admin")).toEqual({ ok: false, errno: ERRNO.EAGAIN });
    expect(lab.kernel.openHandle("nvme0", "delete").ok).toBe(true);
    expect(lab.kernel.openHandle("nvme7", "admin")).toEqual({ ok: false, errno: ERRNO.ENOENT });
  });

  test("an ioctl on a deleted controller is ENODEV, even if its number is in use again", () => {
    const lab = new Lab();
    lab.connected(DC);
    const handle = lab.handle("nvme0", "admin");
    lab.delete("nvme0");
    lab.connected(DC);
    let got: AdminResult | undefined;
    lab.kernel.admin(handle, identifyController(TIMEOUT), (result) => (got = result));
    expect(lab.until(() => got)).toEqual({ ok: false, errno: ERRNO.ENODEV });
    lab.kernel.closeHandle(handle);
    lab.kernel.admin(handle, identifyController(TIMEOUT), (result) => (got = result));
    lab.run(10);
    expect(got).toEqual({ ok: false, errno: ERRNO.EBADF });
  });

  test("an ioctl in flight when the peer closes ends with EINTR", () => {
    const lab = new Lab();
    lab.connected(DC);
    lab.apply({ kind: "answers", dc: "port1", answers: [{ opcode: 6, after: Milliseconds(10_000) }] });
    const handle = lab.handle("nvme0", "admin");
    let got: AdminResult | undefined;
    lab.kernel.admin(handle, identifyController(TIMEOUT), (result) => (got = result));
    lab.run(100);
    lab.apply({ kind: "listener", id: "port1", state: "closes" });
    lab.run(20);
    expect(got).toEqual({ ok: false, errno: ERRNO.EINTR });
  });
});

describe("AENs", () => {
  const list = (lab: Lab, id: string): void => {
    lab.apply({ kind: "list", dc: "port1", entries: [{ kind: "subsystem", id, ncc: false, listen: 0 }] });
    lab.run(50);
  };
  const unlist = (lab: Lab, id: string): void => {
    lab.apply({ kind: "unlist", dc: "port1", entries: [id] });
    lab.run(50);
  };

  test("are masked after the first, until a read with RAE=0 (6.12-cloud.s2)", () => {
    const lab = new Lab();
    lab.connected(`${DC},keep_alive_tmo=30`);
    aens(lab);
    unlist(lab, "b");
    expect(aens(lab)).toEqual(["nvme0"]);
    list(lab, "b");
    expect(aens(lab)).toEqual([]);
    ask(lab, "nvme0", page(LID.discovery, "retain"));
    unlist(lab, "b");
    expect(aens(lab)).toEqual([]);
    ask(lab, "nvme0", page(LID.discovery, "clear"));
    expect(aens(lab)).toEqual([]);
    list(lab, "b");
    expect(aens(lab)).toEqual(["nvme0"]);
  });

  test("report access rights and referrals, but not other ports or hidden subsystems", () => {
    const lab = new Lab();
    lab.connected(`${DC},keep_alive_tmo=30`);
    const read = (): void => {
      ask(lab, "nvme0", page(LID.discovery, "clear"));
      aens(lab);
    };
    read();
    lab.apply({ kind: "unlist", dc: "port2", entries: ["a"] });
    lab.run(50);
    expect(aens(lab), "another port").toEqual([]);
    list(lab, "private");
    expect(aens(lab), "hidden").toEqual([]);
    expect(names(lab)).not.toContain("nqn.2024-01.io.lab:private");
    read();
    for (const hosts of [[HOST_NQN], [], "any"] as const) {
      lab.apply({ kind: "allow-hosts", subsystem: "private", hosts });
      lab.run(50);
      expect(aens(lab), `hosts ${String(hosts)}`).toEqual(["nvme0"]);
      read();
    }
    expect(names(lab)).toContain("nqn.2024-01.io.lab:private");
    lab.apply({ kind: "list", dc: "port1", entries: [{ kind: "referral", id: "port2" }] });
    lab.run(50);
    expect(aens(lab), "referral").toEqual(["nvme0"]);
  });

  test("reach every discovery controller, even with kato 0", () => {
    const lab = new Lab();
    lab.connected(`${DC},keep_alive_tmo=30`);
    lab.connected(DC);
    expect(lab.attribute("nvme1", "kato")).toBe("0\n");
    unlist(lab, "b");
    expect(aens(lab)).toEqual(["nvme0", "nvme1"]);
    ask(lab, "nvme1", page(LID.discovery, "clear"));
    list(lab, "b");
    expect(aens(lab)).toEqual(["nvme1"]);
  });

  test("arrive late if the link was silent when they were sent", () => {
    const lab = new Lab();
    lab.connected(DC.replace("127.0.0.1", "10.99.0.2"));
    lab.apply({ kind: "link", hostIface: "vh", state: "silent" });
    aens(lab);
    lab.apply({ kind: "aen", dc: "far" });
    lab.run(2000);
    expect(aens(lab)).toEqual([]);
    lab.apply({ kind: "link", hostIface: "vh", state: "up" });
    lab.run(50);
    expect(aens(lab)).toEqual(["nvme0"]);
  });

  test("are unmasked after a reconnect", () => {
    const lab = new Lab();
    lab.connected(`${DC},keep_alive_tmo=30`);
    unlist(lab, "b");
    lab.apply({ kind: "reset-device", target: "nvme0" });
    lab.run(100);
    aens(lab);
    list(lab, "b");
    expect(aens(lab)).toEqual(["nvme0"]);
    expect(names(lab)).toContain(NQN_B);
  });
});
