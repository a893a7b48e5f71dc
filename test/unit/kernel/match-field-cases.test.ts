/**
 * Every case with which nvme-stas tests its own matching (its test-udev.py), one per row, with our verdict. If ours
 * differs on purpose, the row says why. Each case holds for IPv4 and IPv6, with and without the source address shown.
 */
import { describe, expect, test } from "vitest";
import type { TransportId } from "../../../src/core/domain/transport-id.js";
import { matchConnection, type ExistingConnection } from "../../../src/core/kernel/match.js";
import type { NetworkInterface } from "../../../src/core/ports/network.js";

interface Family {
  readonly name: string;
  readonly peer: string;
  /** The peer, in another spelling. */
  readonly respelled: string;
  readonly otherPeer: string;
  /** The primary address of eth0, and another address of eth0. */
  readonly primary: string;
  readonly secondary: string;
  /** An address that no interface has. */
  readonly nowhere: string;
}

const FAMILIES: readonly Family[] = [
  {
    name: "IPv4",
    peer: "1.2.3.4",
    respelled: "::FFFF:1.2.3.4",
    otherPeer: "4.3.2.1",
    primary: "192.168.1.10",
    secondary: "192.168.1.11",
    nowhere: "1.1.1.1",
  },
  {
    name: "IPv6",
    peer: "fe80::aaaa:bbbb:cccc:dddd",
    respelled: "FE80:0::AAAA:bbbb:CCCC:dddd",
    otherPeer: "fe80::dddd:cccc:bbbb:aaaa",
    primary: "2001:db8::10",
    secondary: "2001:db8::11",
    nowhere: "aaaa::ffff",
  },
];

const INTERFACES: readonly NetworkInterface[] = [
  { name: "eth0", mac: "", addresses: ["192.168.1.10", "192.168.1.11", "2001:db8::10", "2001:db8::11"] },
  { name: "eth1", mac: "", addresses: ["192.168.2.10", "2001:db8:1::10"] },
];

/** Each word in a row stands for an address of this family; `iface` is eth0. */
type Word = "" | "primary" | "secondary" | "nowhere";
interface Way {
  readonly from?: Word;
  readonly iface?: string;
}

interface Row {
  /** The upstream names of the cases. */
  readonly cases: string;
  readonly wanted: Way & {
    readonly transport?: "rdma" | "loop";
    readonly peer?: "otherPeer" | "respelled";
    readonly trsvcid?: string;
    readonly subsysnqn?: string;
    readonly hostNqn?: string;
  };
  /** The options of the connection. `src`: the address it speaks from, if the kernel shows it. */
  readonly made: Way & { readonly src: Word };
  readonly verdict: { readonly shown: "match" | "no"; readonly hidden: "match" | "no" };
  /** How upstream decides, and why ours differs. */
  readonly differs?: string;
}

const BOTH = { from: "primary", iface: "eth0", src: "primary" } as const;
const NEITHER = { src: "primary" } as const;
const BY_IFACE = { iface: "eth0", src: "primary" } as const;
const BY_ADDRESS = { from: "primary", src: "primary" } as const;
const MATCH = { shown: "match", hidden: "match" } as const;
const NO = { shown: "no", hidden: "no" } as const;
/** The options alone fit; the source address does not. */
const UNLESS_SHOWN = { shown: "no", hidden: "match" } as const;

const ROWS: readonly Row[] = [
  { cases: "1, 11", wanted: { from: "primary", iface: "eth0" }, made: BOTH, verdict: MATCH },
  { cases: "2", wanted: { transport: "rdma", from: "primary", iface: "eth0" }, made: BOTH, verdict: NO },
  { cases: "3", wanted: { peer: "otherPeer", from: "primary", iface: "eth0" }, made: BOTH, verdict: NO },
  { cases: "1 (spelling)", wanted: { peer: "respelled", from: "primary" }, made: BOTH, verdict: MATCH },
  { cases: "4", wanted: { trsvcid: "8010", from: "primary", iface: "eth0" }, made: BOTH, verdict: NO },
  { cases: "5", wanted: { from: "nowhere", iface: "eth0" }, made: BOTH, verdict: NO },
  { cases: "6", wanted: { from: "primary", iface: "blah" }, made: BOTH, verdict: NO },
  { cases: "7", wanted: { subsysnqn: "bob", from: "primary", iface: "eth0" }, made: BOTH, verdict: NO },
  { cases: "8, 12", wanted: { iface: "eth0" }, made: BOTH, verdict: MATCH },
  { cases: "9", wanted: { from: "primary" }, made: BOTH, verdict: MATCH },
  { cases: "10", wanted: {}, made: BOTH, verdict: MATCH },
  { cases: "(host NQN)", wanted: { hostNqn: "nqn.other" }, made: BOTH, verdict: NO },
  { cases: "A4.1, A6.1", wanted: { from: "nowhere" }, made: NEITHER, verdict: UNLESS_SHOWN },
  { cases: "A4.2, A4.3, A6.2, A6.3", wanted: {}, made: BY_IFACE, verdict: MATCH },
  { cases: "B4, B6", wanted: { from: "nowhere" }, made: BY_ADDRESS, verdict: NO },
  { cases: "C4, C6", wanted: { iface: "blah" }, made: BY_ADDRESS, verdict: NO },
  { cases: "D4, D6", wanted: { iface: "eth0" }, made: BY_ADDRESS, verdict: MATCH },
  { cases: "E4, E6", wanted: { from: "nowhere", iface: "blah" }, made: BY_IFACE, verdict: NO },
  { cases: "F4, F6", wanted: { from: "nowhere" }, made: BY_IFACE, verdict: NO },
  { cases: "G4, G6", wanted: { from: "primary" }, made: BY_IFACE, verdict: MATCH },
  { cases: "G4, G6 (another address of eth0)", wanted: { from: "secondary" }, made: BY_IFACE, verdict: NO },
  {
    cases: "(bound to one interface, with a source address of the other)",
    wanted: { iface: "eth0" },
    made: { iface: "eth1", src: "primary" },
    verdict: NO,
    differs:
      "upstream goes by the owner of the source address and says match, but a bound connection leaves by its interface",
  },
  {
    cases: "(the reverse)",
    wanted: { iface: "eth1" },
    made: { iface: "eth1", src: "primary" },
    verdict: MATCH,
    differs: "upstream says no and connects a second time, but a connection may use an address of another interface",
  },
];

function existing(family: Family, { from = "", iface = "", src }: Row["made"], shown: boolean): ExistingConnection {
  const address = (word: Word): string => (word === "" ? "" : family[word]);
  return {
    transport: "tcp",
    traddr: family.peer,
    trsvcid: "8009",
    subsysnqn: "hello",
    hostTraddr: address(from),
    hostIface: iface,
    srcAddr: shown ? address(src) : "",
    hostNqn: "nqn.host",
    state: "live",
  };
}

function wanted(family: Family, row: Row["wanted"]): TransportId {
  const { transport = "tcp", peer = "peer", trsvcid = "8009", subsysnqn = "hello", hostNqn = "" } = row;
  const { from = "", iface: hostIface = "" } = row;
  const hostTraddr = from === "" ? "" : family[from];
  return { transport, traddr: family[peer], trsvcid, subsysnqn, hostTraddr, hostIface, hostNqn };
}

describe.each(FAMILIES)("over $name", (family) => {
  test.each(ROWS)("$cases", ({ wanted: row, made, verdict }) => {
    const id = wanted(family, row);
    const hostNqn = id.hostNqn === "" ? "nqn.host" : id.hostNqn;
    expect(matchConnection(id, hostNqn, existing(family, made, true), INTERFACES)).toBe(verdict.shown);
    expect(matchConnection(id, hostNqn, existing(family, made, false), INTERFACES)).toBe(verdict.hidden);
  });
});

test("F6 with an interface that has only link-local addresses: unknown here, a mismatch upstream", () => {
  // The interface may still get a global address.
  const [, family] = FAMILIES;
  if (family === undefined) throw new Error("no IPv6");
  const interfaces = [{ name: "eth0", mac: "", addresses: ["fe80::10"] }];
  const connection = existing(family, BY_IFACE, false);
  expect(matchConnection(wanted(family, { from: "nowhere" }), "nqn.host", connection, interfaces)).toBe("match");
});

describe("over other transports", () => {
  const base = { subsysnqn: "hello", hostIface: "", srcAddr: "", hostNqn: "nqn.host", state: "live" };
  const fc: ExistingConnection = { ...base, transport: "fc", traddr: "ABC", trsvcid: "", hostTraddr: "AAA::BBBB" };
  const rdma: ExistingConnection = {
    ...base,
    transport: "rdma",
    traddr: "2.3.4.5",
    trsvcid: "4444",
    hostTraddr: "5.4.3.2",
  };
  const ask = (transport: "fc" | "rdma", from: string): TransportId => ({
    transport,
    traddr: transport === "fc" ? "abc" : "::ffff:2.3.4.5",
    trsvcid: transport === "fc" ? "" : "4444",
    subsysnqn: "hello",
    hostTraddr: from,
    hostIface: "",
    hostNqn: "",
  });
  test.each([
    ["FC-1", ask("fc", "aaa::bbbb"), fc, "match"],
    ["FC-2", ask("fc", "BBBB::AAA"), fc, "no"],
    ["RDMA-1", ask("rdma", "5.4.3.2"), rdma, "match"],
    ["RDMA-2", ask("rdma", "5.5.6.6"), rdma, "no"],
    ["RDMA-3", ask("rdma", ""), rdma, "match"],
  ] as const)("%s", (_, id, connection, verdict) => {
    expect(matchConnection(id, "nqn.host", connection, [])).toBe(verdict);
  });
});
