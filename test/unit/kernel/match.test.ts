import { describe, expect, test } from "vitest";
import {
  addressKey,
  matchConnection,
  type ExistingConnection,
  type MatchVerdict,
} from "../../../src/core/kernel/match.js";
import { type TransportId, WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import type { NetworkInterface } from "../../../src/core/ports/network.js";

const keyOf = (transport: string, traddr: string, trsvcid: string): string =>
  addressKey({ transport, traddr, trsvcid });

const HOST = "nqn.2014-08.org.nvmexpress:uuid:host";

/** eth0 and eth1 both carry 10.9.9.9. `lo` carries a host address that every uplink may speak from. */
const INTERFACES: readonly NetworkInterface[] = [
  { name: "lo", mac: "", addresses: ["127.0.0.1", "::1", "10.255.0.1"] },
  { name: "eth0", mac: "", addresses: ["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", "fe80::a", "10.9.9.9"] },
  { name: "eth1", mac: "", addresses: ["10.1.0.1", "fe80::b", "10.9.9.9"] },
  { name: "bare", mac: "", addresses: [] },
];

const WANTED: TransportId = {
  transport: "tcp",
  traddr: "1.2.3.4",
  trsvcid: "8009",
  subsysnqn: "nqn.x",
  hostTraddr: "",
  hostIface: "",
  hostNqn: "",
};

const EXISTING: ExistingConnection = {
  transport: "tcp",
  traddr: "1.2.3.4",
  trsvcid: "8009",
  hostTraddr: "",
  hostIface: "",
  srcAddr: "",
  subsysnqn: "nqn.x",
  hostNqn: HOST,
  state: "live",
};

function match(wanted: Partial<TransportId>, existing: Partial<ExistingConnection>, host = HOST): MatchVerdict {
  return matchConnection({ ...WANTED, ...wanted }, host, { ...EXISTING, ...existing }, INTERFACES);
}

type Row = readonly [Partial<TransportId>, Partial<ExistingConnection>, MatchVerdict];

describe("values that must be equal on any transport", () => {
  test.each<Row>([
    [{}, {}, "match"],
    [{ transport: "rdma" }, {}, "no"],
    [{}, { transport: "pcie" }, "no"],
    [{ trsvcid: "8010" }, {}, "no"],
    [{ trsvcid: "" }, {}, "match"],
    [{}, { trsvcid: "none" }, "match"],
    [{ transport: "rdma", trsvcid: "4420" }, { transport: "rdma", trsvcid: "" }, "match"],
    [{ trsvcid: "08009" }, {}, "match"],
    [{ traddr: "1.2.3.5" }, {}, "no"],
    [{ traddr: "::ffff:1.2.3.4" }, {}, "match"],
    [{}, { traddr: "::FFFF:102:304" }, "match"],
    [{ traddr: "2001:db8::5" }, { traddr: "2001:DB8:0:0::5" }, "match"],
    [{}, { traddr: "" }, "no"],
    [{}, { traddr: "none" }, "no"],
    [{ subsysnqn: "nqn.y" }, {}, "no"],
    [{ subsysnqn: "nqn.y" }, { subsysnqn: WELL_KNOWN_DISCOVERY_NQN }, "no"],
    [{ subsysnqn: WELL_KNOWN_DISCOVERY_NQN }, { subsysnqn: WELL_KNOWN_DISCOVERY_NQN }, "match"],
    [{ subsysnqn: WELL_KNOWN_DISCOVERY_NQN }, { subsysnqn: "nqn.unique-dc" }, "match"],
    [{}, { hostNqn: "nqn.other" }, "no"],
    [{}, { hostNqn: "" }, "no"],
    [{}, { state: "connecting" }, "match"],
  ])("%j on %j: %s", (wanted, existing, expected) => {
    expect(match(wanted, existing)).toBe(expected);
  });

  test("the host NQN that would be used decides, whatever the transport id says", () => {
    expect(match({ hostNqn: "nqn.other" }, { hostNqn: "nqn.other" }, "nqn.other")).toBe("match");
    expect(match({ hostNqn: "nqn.other" }, { hostNqn: HOST }, "nqn.other")).toBe("no");
  });
});

describe("tcp with a known source address", () => {
  test.each<Row>([
    [{ hostTraddr: "10.0.0.1" }, { srcAddr: "10.0.0.1" }, "match"],
    [{ hostTraddr: "::ffff:10.0.0.1" }, { srcAddr: "10.0.0.1" }, "match"],
    [{ hostTraddr: "10.0.0.2" }, { srcAddr: "10.0.0.1" }, "no"],
    [{ hostTraddr: "10.0.0.2" }, { srcAddr: "10.0.0.1", hostTraddr: "10.0.0.2" }, "no"],
    [{ hostTraddr: "fe80::a%eth0" }, { srcAddr: "fe80::a" }, "match"],
    [{ hostIface: "eth0" }, { srcAddr: "10.0.0.1" }, "match"],
    [{ hostIface: "eth0" }, { srcAddr: "::ffff:10.0.0.2" }, "match"],
    [{ hostIface: "eth0" }, { srcAddr: "2001:DB8:0::1" }, "match"],
    [{ hostIface: "eth0" }, { srcAddr: "fe80::a" }, "match"],
    [{ hostIface: "eth1" }, { srcAddr: "10.0.0.1" }, "no"],
    [{ hostIface: "eth1" }, { srcAddr: "10.9.9.9" }, "match"],
    [{ hostIface: "eth0" }, { srcAddr: "10.77.0.1" }, "no"],
    [{ hostIface: "gone" }, { srcAddr: "10.0.0.1" }, "no"],
    [{ hostIface: "eth0", hostTraddr: "10.0.0.1" }, { srcAddr: "10.0.0.1" }, "match"],
    [{ hostIface: "eth1", hostTraddr: "10.0.0.1" }, { srcAddr: "10.0.0.1" }, "no"],
    [{ hostIface: "eth0", hostTraddr: "10.0.0.2" }, { srcAddr: "10.0.0.1" }, "no"],
    // Bound to an uplink, speaking from the address on `lo`.
    [{ hostIface: "eth1", hostTraddr: "10.255.0.1" }, { srcAddr: "10.255.0.1", hostIface: "eth1" }, "match"],
    [{ hostIface: "eth0" }, { srcAddr: "10.255.0.1", hostIface: "eth1" }, "no"],
    [{ hostIface: "eth0" }, { srcAddr: "10.0.0.1", hostIface: "none" }, "match"],
    [{ hostIface: "gone" }, { srcAddr: "10.77.0.1", hostIface: "gone" }, "match"],
    // eth0 was called old.
    [{ hostIface: "eth0" }, { srcAddr: "10.0.0.1", hostIface: "old" }, "match"],
    [{ hostIface: "eth1" }, { srcAddr: "10.0.0.1", hostIface: "old" }, "no"],
    [{ hostIface: "eth0" }, { hostIface: "old", state: "connecting" }, "no"],
    [{ hostIface: "eth0" }, { srcAddr: "10.0.0.1", state: "connecting" }, "match"],
  ])("%j on %j: %s", (wanted, existing, expected) => {
    expect(match(wanted, existing)).toBe(expected);
  });
});

describe("tcp without a source address: unknown fits, provisionally while not live", () => {
  type Without = readonly [Partial<TransportId>, Partial<ExistingConnection>, "fits" | "no"];
  const rows: readonly Without[] = [
    [{ hostTraddr: "10.0.0.1" }, {}, "fits"],
    [{ hostTraddr: "10.0.0.1" }, { hostTraddr: "none", hostIface: "NONE", srcAddr: "none" }, "fits"],
    [{ hostTraddr: "10.0.0.1" }, { hostTraddr: "10.0.0.1" }, "fits"],
    [{ hostTraddr: "::ffff:10.0.0.1" }, { hostTraddr: "10.0.0.1" }, "fits"],
    [{ hostTraddr: "10.0.0.1" }, { hostTraddr: "10.0.0.2" }, "no"],
    // A socket bound to the interface speaks from its first address of that kind.
    [{ hostTraddr: "10.0.0.1" }, { hostIface: "eth0" }, "fits"],
    [{ hostTraddr: "10.0.0.2" }, { hostIface: "eth0" }, "no"],
    [{ hostTraddr: "2001:DB8:0:0::1" }, { hostIface: "eth0" }, "fits"],
    [{ hostTraddr: "2001:db8::2" }, { hostIface: "eth0" }, "no"],
    [{ hostTraddr: "fe80::a" }, { hostIface: "eth0" }, "fits"],
    [{ hostTraddr: "2001:db8::1" }, { hostIface: "eth1" }, "fits"],
    [{ hostTraddr: "10.0.0.1" }, { hostIface: "bare" }, "fits"],
    [{ hostTraddr: "10.0.0.1" }, { hostIface: "gone" }, "fits"],
    [{ hostIface: "eth0" }, {}, "fits"],
    [{ hostIface: "eth0" }, { hostIface: "eth0" }, "fits"],
    [{ hostIface: "eth0" }, { hostIface: "eth1" }, "no"],
    [{ hostIface: "eth0" }, { hostTraddr: "10.0.0.2" }, "fits"],
    [{ hostIface: "eth1" }, { hostTraddr: "10.0.0.2" }, "no"],
    [{ hostIface: "eth0" }, { hostTraddr: "10.77.0.1" }, "no"],
    [{ hostIface: "eth0", hostTraddr: "10.0.0.2" }, { hostIface: "eth0", hostTraddr: "10.0.0.2" }, "fits"],
    [{ hostIface: "eth1", hostTraddr: "10.0.0.1" }, { hostIface: "eth0" }, "no"],
    [{ hostIface: "eth0", hostTraddr: "10.77.0.1" }, { hostIface: "eth0" }, "no"],
    [{ hostIface: "eth0", hostTraddr: "10.0.0.1" }, {}, "fits"],
  ];
  test.each(rows)("%j on %j: %s", (wanted, existing, expected) => {
    expect(match(wanted, { ...existing, state: "live" })).toBe(expected === "fits" ? "match" : "no");
    for (const state of ["connecting", "resetting", "new", "deleting (no IO)", ""])
      expect(match(wanted, { ...existing, state }), state).toBe(expected === "fits" ? "provisional" : "no");
  });

  test("a wanted connection without a source fits any connection, live or not", () => {
    for (const hostIface of ["", "eth0", "none"])
      for (const hostTraddr of ["", "10.0.0.2"])
        for (const state of ["live", "connecting"]) expect(match({}, { hostIface, hostTraddr, state })).toBe("match");
  });
});

describe("a link-local address differs on each link", () => {
  test.each<Row>([
    [{ traddr: "fe80::1%eth0" }, { traddr: "FE80:0::1%eth0" }, "match"],
    [{ traddr: "fe80::1%eth0" }, { traddr: "fe80::1%eth1" }, "no"],
    [{ traddr: "fe80::1%eth0" }, { traddr: "fe80::1", hostIface: "eth0" }, "match"],
    [{ traddr: "fe80::1%eth0" }, { traddr: "fe80::1", hostIface: "eth1" }, "no"],
    [{ traddr: "fe80::1%eth0" }, { traddr: "fe80::1", srcAddr: "fe80::b" }, "no"],
    [{ traddr: "fe80::1", hostIface: "eth0" }, { traddr: "fe80::1%eth0" }, "match"],
    [{ traddr: "fe80::1", hostIface: "eth0" }, { traddr: "fe80::1%eth1" }, "no"],
    [{ traddr: "fe80::1%eth0" }, { traddr: "fe80::1", state: "connecting" }, "provisional"],
    [{ traddr: "fe80::1" }, { traddr: "fe80::1%eth1" }, "match"],
  ])("%j on %j: %s", (wanted, existing, expected) => {
    expect(match(wanted, existing)).toBe(expected);
  });
});

describe("other transports", () => {
  const fc = { transport: "fc", traddr: "nn-0xab:pn-0xcd", trsvcid: "" } as const;
  const rdma = { transport: "rdma", trsvcid: "4420" } as const;
  const loop = { transport: "loop", traddr: "Port", trsvcid: "" } as const;
  test.each<Row>([
    [
      { ...fc, hostTraddr: "nn-0x1:pn-0x2" },
      { ...fc, traddr: "NN-0xAB:PN-0xCD", hostTraddr: "NN-0X1:pn-0x2" },
      "match",
    ],
    [{ ...fc, hostTraddr: "nn-0x1:pn-0x2" }, { ...fc, trsvcid: "none", hostTraddr: "nn-0x1:pn-0x2" }, "match"],
    [{ ...fc, hostTraddr: "nn-0x1:pn-0x2" }, { ...fc, hostTraddr: "nn-0x1:pn-0x3" }, "no"],
    [{ ...fc, hostTraddr: "nn-0x1:pn-0x2" }, { ...fc, hostTraddr: "none" }, "no"],
    [{ ...fc }, { ...fc, hostTraddr: "nn-0x1:pn-0x2" }, "no"],
    [{ ...rdma, hostTraddr: "10.0.0.1" }, { ...rdma, hostTraddr: "::ffff:10.0.0.1" }, "match"],
    [{ ...rdma, hostTraddr: "10.0.0.1" }, { ...rdma, hostTraddr: "10.0.0.2" }, "no"],
    [{ ...rdma, hostTraddr: "10.0.0.1" }, { ...rdma, hostTraddr: "none" }, "no"],
    [{ ...rdma }, { ...rdma, hostTraddr: "10.0.0.2", state: "connecting" }, "match"],
    [{ ...rdma, hostIface: "eth0" }, { ...rdma, hostIface: "eth1" }, "match"],
    [{ ...rdma, traddr: "fe80::1%ens1" }, { ...rdma, traddr: "fe80:0::1%ens1" }, "match"],
    [{ ...rdma, traddr: "fe80::1%ens1" }, { ...rdma, traddr: "fe80::1%ens2" }, "no"],
    [
      {
        ...fc,
        traddr: "nn-0x00000000000000ab:pn-0x00000000000000cd",
        hostTraddr: "nn-00000000000000ef:pn-0000000000000012",
      },
      {
        ...fc,
        traddr: "nn-00000000000000AB:pn-00000000000000cd",
        hostTraddr: "nn-0x00000000000000ef:pn-0x0000000000000012",
      },
      "match",
    ],
    [{ ...loop }, { ...loop }, "match"],
    // The kernel compares port names exactly.
    [{ ...loop }, { ...loop, traddr: "port" }, "no"],
    [{ ...loop }, { ...loop, traddr: "" }, "no"],
    [{ ...loop, traddr: "" }, { ...loop, traddr: "" }, "match"],
    [{ ...loop, traddr: "" }, { ...loop }, "no"],
  ])("%j on %j: %s", (wanted, existing, expected) => {
    expect(match(wanted, existing)).toBe(expected);
  });
});

describe("addressKey", () => {
  type Address = readonly [string, string, string];
  test.each<readonly [Address, Address]>([
    [
      ["tcp", "1.2.3.4", "8009"],
      ["tcp", "::ffff:1.2.3.4", ""],
    ],
    [
      ["tcp", "fe80::1%eth0", "4420"],
      ["TCP", "FE80:0::1", "04420"],
    ],
    [
      ["rdma", "NAS", "none"],
      ["rdma", "nas", "4420"],
    ],
    [
      ["fc", "NN-0x1:PN-0x2", "none"],
      ["fc", "nn-0x1:pn-0x2", ""],
    ],
    [
      ["loop", "Port", ""],
      ["loop", "Port", "7"],
    ],
  ])("%j meets %j", (a, b) => {
    expect(keyOf(...a)).toBe(keyOf(...b));
  });

  test("gives different keys to connections that can never match", () => {
    const keys = [
      keyOf("tcp", "1.2.3.4", "8009"),
      keyOf("tcp", "1.2.3.4", "4420"),
      keyOf("rdma", "1.2.3.4", "4420"),
      keyOf("tcp", "1.2.3.5", "8009"),
      keyOf("pcie", "0000:01:00.0", ""),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
