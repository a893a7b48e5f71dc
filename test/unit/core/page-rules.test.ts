/** The entries of discovery log pages: which are used, as what, and which origin wins. */
import { describe, expect, it } from "vitest";
import { defaultStafConfig } from "../../../src/core/config/stafd.js";
import { decodeDiscoveryEntry, encodeDiscoveryEntry } from "../../../src/core/codec/discovery-log.js";
import type { DiscoveryLogEntry } from "../../../src/core/domain/discovery-log.js";
import { EFLAG_NCC } from "../../../src/core/domain/discovery-log.js";
import { WELL_KNOWN_DISCOVERY_NQN, type TransportId } from "../../../src/core/domain/transport-id.js";
import { entryTransportId, onThisHost, whyUnusable } from "../../../src/core/names/entry.js";
import { wantedDcs, type PresentDc } from "../../../src/core/staf/plan.js";

const VOLUME: DiscoveryLogEntry = {
  trtype: "tcp",
  adrfam: 1,
  subtype: "nvme",
  treq: 0,
  portid: 1,
  cntlid: 0xffff,
  asqsz: 32,
  eflags: 0,
  trsvcid: "4420",
  subnqn: "nqn.2024-01.io.example:vol1",
  traddr: "192.168.1.30",
  tsas: "",
};

const DC: TransportId = {
  transport: "tcp",
  traddr: "192.168.1.20",
  trsvcid: "8009",
  subsysnqn: WELL_KNOWN_DISCOVERY_NQN,
  hostTraddr: "",
  hostIface: "",
  hostNqn: "",
};

describe("an entry", () => {
  it.each<readonly [what: string, change: Partial<DiscoveryLogEntry>, because: RegExp]>([
    ["over pcie", { trtype: 0 }, /transport type 0/],
    ["over an unknown transport", { trtype: 99 }, /transport type 99/],
    ["without an address", { traddr: "" }, /no address/],
    ["at 0.0.0.0", { traddr: "0.0.0.0" }, /no address/],
    ["at ::", { traddr: "::" }, /no address/],
    ["at :: in another spelling", { traddr: "0:0:0:0:0:0:0:0" }, /no address/],
    ["at 0.0.0.0, mapped", { traddr: "::ffff:0.0.0.0" }, /no address/],
    ["over tcp without a port", { trsvcid: "" }, /no port/],
    ["over rdma without a port", { trtype: "rdma", trsvcid: "" }, /no port/],
    ["of a subsystem without an NQN", { subnqn: "" }, /no subsystem NQN/],
    ["with a comma in its address", { traddr: "192.168.1.30,host_iface=x" }, /connect string cannot hold/],
    ["with the well-known discovery NQN", { subnqn: WELL_KNOWN_DISCOVERY_NQN }, /that of a discovery subsystem/],
    ["over fc, listed over tcp", { trtype: "fc", adrfam: 4, traddr: "nn-0x1:pn-0x2" }, /host port to it is not known/],
    ["at a link-local address", { traddr: "fe80::30" }, /the interface to it is not known/],
    ["with a line break in its NQN", { subnqn: "nqn.x\nnqn.y" }, /connect string cannot hold/],
  ])("%s is not used", (_what, change, because) => {
    expect(whyUnusable({ ...VOLUME, ...change }, DC)).toMatch(because);
  });

  it.each<readonly [what: string, change: Partial<DiscoveryLogEntry>]>([
    ["over rdma", { trtype: "rdma" }],
    ["over fc, which has no port", { trtype: "fc", adrfam: 4, traddr: "nn-0x1:pn-0x2", trsvcid: "" }],
    ["over loop", { trtype: "loop", adrfam: 254, traddr: "1", trsvcid: "" }],
    ["with NCC set", { eflags: EFLAG_NCC }],
    ["of a referral without an NQN", { subtype: "referral", subnqn: "" }],
    ["of an unknown subtype", { subtype: 9 }],
  ])("%s is kept", (_what, change) => {
    const dc = change.trtype === "fc" ? { ...DC, transport: "fc" as const } : DC;
    expect(whyUnusable({ ...VOLUME, ...change }, dc)).toBeUndefined();
  });

  it.each<readonly [what: string, bytes: string]>([
    ["NULs", "192.168.1.30\0\0\0"],
    ["spaces", "192.168.1.30   "],
    ["spaces before NULs", "192.168.1.30  \0\0"],
    ["NULs before spaces", "192.168.1.30\0  "],
    ["a NUL and garbage", "192.168.1.30\0x  "],
    ["spaces at both ends", "  192.168.1.30 \0"],
  ])("padded with %s is read without the padding, and keeps its flags", (_what, text) => {
    const bytes = encodeDiscoveryEntry({ ...VOLUME, traddr: "", eflags: EFLAG_NCC }, "nul");
    bytes.set(new TextEncoder().encode(text), 512);
    expect(decodeDiscoveryEntry(bytes, 0)).toEqual({ ...VOLUME, eflags: EFLAG_NCC });
  });
});

function dcAt(traddr: string): TransportId {
  const tid = { transport: "tcp", traddr, trsvcid: "8009", subsysnqn: WELL_KNOWN_DISCOVERY_NQN } as const;
  return { ...tid, hostTraddr: "192.168.1.10", hostIface: "eth0", hostNqn: "nqn.host" };
}

function referral(traddr: string): DiscoveryLogEntry {
  return { ...VOLUME, subtype: "referral", trsvcid: "8009", subnqn: "", traddr };
}

it("a referral inherits the host fields of its discovery controller, and means the well-known NQN if it names none", () => {
  expect(entryTransportId(referral("192.168.1.21"), dcAt("192.168.1.20"), false)).toEqual(dcAt("192.168.1.21"));
  expect(entryTransportId(referral("::ffff:192.168.1.21"), dcAt("192.168.1.20"), true)).toEqual({
    ...dcAt("192.168.1.21"),
    hostIface: "",
  });
});

describe("an entry over another way", () => {
  const over = (trtype: DiscoveryLogEntry["trtype"], traddr: string, dc: TransportId, ignoreIface = false) => {
    const placed = onThisHost({ ...VOLUME, trtype, traddr }, dc);
    const tid = entryTransportId(placed, dc, ignoreIface);
    return tid === undefined ? undefined : [tid.traddr, tid.hostTraddr, tid.hostIface].join(" ");
  };
  const bound = { ...DC, hostTraddr: "192.168.1.10", hostIface: "eth0" };
  const linkLocal = { ...DC, traddr: "fe80::20%eth0" };

  it.each<readonly [what: string, got: string | undefined, expected: string | undefined]>([
    ["tcp from tcp", over("tcp", "192.168.1.30", bound), "192.168.1.30 192.168.1.10 eth0"],
    ["tcp of another address family", over("tcp", "fd00::30", bound), "fd00::30  eth0"],
    ["rdma from tcp", over("rdma", "192.168.1.30", bound), "192.168.1.30  "],
    ["rdma from rdma", over("rdma", "192.168.1.30", { ...bound, transport: "rdma" }), "192.168.1.30 192.168.1.10 "],
    ["loop from tcp", over("loop", "1", bound), "1  "],
    ["link-local tcp, bound", over("tcp", "fe80::30", bound), "fe80::30  eth0"],
    ["link-local tcp, bound, with ignore-iface", over("tcp", "fe80::30", bound, true), "fe80::30%eth0  "],
    ["link-local rdma from tcp, bound", over("rdma", "fe80::30", bound), "fe80::30%eth0  "],
    ["link-local tcp from a zone, with ignore-iface", over("tcp", "fe80::30", linkLocal, true), "fe80::30%eth0  "],
    ["link-local with a zone of the target", over("rdma", "FE80:0::30%eth5", linkLocal), "fe80::30%eth0  "],
    ["a zone of the target elsewhere", over("tcp", "fd00::30%eth5", linkLocal), "fd00::30  "],
    ["link-local with a zone of the target alone", over("tcp", "fe80::30%eth5", DC), undefined],
  ])("%s", (_what, got, expected) => {
    expect(got).toBe(expected);
  });
});

describe("referrals", () => {
  const present = (traddr: string, listed: readonly string[], origin: PresentDc["origin"]): PresentDc => ({
    id: `c${Number(traddr.split(".")[3])}`,
    tid: dcAt(traddr),
    hostName: "",
    standing: "claimed",
    health: "in-kernel",
    origin,
    options: defaultStafConfig("stafd.conf").connection,
    entries: listed.map(referral),
    unread: undefined,
    dropped: undefined,
  });
  const configured = (traddr: string, line: number) => ({
    transport: "tcp" as const,
    traddr,
    trsvcid: "8009",
    nqn: "",
    hostTraddr: "192.168.1.10",
    hostIface: "eth0",
    hostNqn: "nqn.host",
    options: {},
    line,
  });
  const origins = (controllers: readonly string[], dcs: readonly PresentDc[]): Record<string, string> => {
    const config = { ...defaultStafConfig("stafd.conf"), controllers: controllers.map(configured) };
    const wanted = wantedDcs({
      config,
      names: new Map(),
      boot: [],
      present: dcs,
      discovered: [],
    });
    return Object.fromEntries([...wanted.values()].map(({ tid, origin }) => [tid.traddr, origin]));
  };

  it.each<readonly [what: string, configured: readonly string[], pages: Record<string, string[]>, expected: object]>([
    ["to itself", ["10.0.0.1"], { "10.0.0.1": ["10.0.0.1"] }, { "10.0.0.1": "configured" }],
    [
      "in a circle of three",
      ["10.0.0.1"],
      { "10.0.0.1": ["10.0.0.2"], "10.0.0.2": ["10.0.0.3"], "10.0.0.3": ["10.0.0.1"] },
      { "10.0.0.1": "configured", "10.0.0.2": "referral", "10.0.0.3": "referral" },
    ],
    [
      "twice in one page, and by two controllers",
      ["10.0.0.1", "10.0.0.2"],
      { "10.0.0.1": ["10.0.0.3", "10.0.0.3"], "10.0.0.2": ["10.0.0.3"] },
      { "10.0.0.1": "configured", "10.0.0.2": "configured", "10.0.0.3": "referral" },
    ],
    [
      "to a configured controller",
      ["10.0.0.1", "10.0.0.2"],
      { "10.0.0.1": ["10.0.0.2"] },
      { "10.0.0.1": "configured", "10.0.0.2": "configured" },
    ],
    ["from a controller that is not wanted", ["10.0.0.1"], { "10.0.0.9": ["10.0.0.8"] }, { "10.0.0.1": "configured" }],
  ])("%s", (_what, controllers, pages, expected) => {
    const dcs = Object.entries(pages).map(([traddr, listed]) => present(traddr, listed, "referral"));
    expect(origins(controllers, dcs)).toEqual(expected);
  });

  it("without an end are followed up to the limit", () => {
    const listed = Array.from({ length: 5000 }, (_, index) => `10.1.${String(index >> 8)}.${String(index & 255)}`);
    expect(Object.keys(origins(["10.0.0.1"], [present("10.0.0.1", listed, "configured")]))).toHaveLength(4096);
  });
});
