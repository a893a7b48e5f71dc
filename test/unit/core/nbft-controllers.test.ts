import { describe, expect, it } from "vitest";
import { decodeNbft } from "../../../src/core/codec/nbft.js";
import type { NbftDiscoveryController, NbftTable } from "../../../src/core/domain/nbft.js";
import { discoveryControllersOf } from "../../../src/core/boot/nbft.js";
import type { HostInterface, NbftDc } from "../../../src/core/boot/nbft.js";
import { encodeNbft, patch } from "../codec/nbft-encoder.js";
import { TABLE } from "../codec/nbft-table.js";

const WELL_KNOWN = "nqn.2014-08.org.nvmexpress.discovery";
const [FIRST] = TABLE.discoveryControllers;
const [HFI, TAGGED] = TABLE.hfis;

const ETH0: HostInterface = { name: "eth0", mac: "52:54:00:aa:bb:01", addresses: ["192.168.1.10"], vlan: 0 };
const ETH1: HostInterface = { name: "eth1", mac: "52:54:00:aa:bb:02", addresses: [], vlan: 0 };
const ETH1_100: HostInterface = { name: "eth1.100", mac: "52:54:00:aa:bb:02", addresses: ["fd00:1::10"], vlan: 100 };
const LO: HostInterface = { name: "lo", mac: "00:00:00:00:00:00", addresses: ["127.0.0.1"], vlan: 0 };
const HOST = [LO, ETH0, ETH1, ETH1_100];

/** The same interface on an operating system that does not report VLANs. */
function untold({ name, mac, addresses }: HostInterface): HostInterface {
  return { name, mac, addresses };
}

function withRecords(...records: readonly Partial<NbftDiscoveryController>[]): NbftTable {
  const discoveryControllers = records.map((record, i) => ({ ...FIRST!, index: i + 1, ...record }));
  return { ...TABLE, discoveryControllers };
}

/** The result for a table with one record. */
function only(
  table: NbftTable,
  interfaces: readonly HostInterface[] = HOST,
  ignoreIface = false,
): NbftDc | { readonly because: string } {
  const { controllers, leftOut } = discoveryControllersOf(table, interfaces, ignoreIface);
  expect(controllers.length + leftOut.length).toBe(1);
  const [{ because } = { because: "" }] = leftOut;
  return controllers[0] ?? { because };
}

describe("the discovery controllers of a boot firmware table", () => {
  it("are those of all valid records, as transport ids", () => {
    const { hostNqn, hostId } = { hostNqn: TABLE.host.nqn, hostId: TABLE.host.id };
    const tid = { transport: "tcp", trsvcid: "8009", subsysnqn: WELL_KNOWN, hostTraddr: "", hostNqn };
    expect(discoveryControllersOf(TABLE, HOST, false)).toEqual({
      controllers: [
        { record: 1, tid: { ...tid, traddr: "192.168.1.20", hostIface: "eth0" }, hostId, remarks: [] },
        {
          record: 2,
          tid: { ...tid, traddr: "fd00:1::20", hostIface: "eth1.100" },
          hostId,
          remarks: ["it requires in-band authentication, which needs this host's key"],
        },
      ],
      leftOut: [],
    });
  });

  it("use the host's own NQN and id if the table has only defaults", () => {
    const table = { ...withRecords({}), host: { ...TABLE.host, nqnConfigured: false, idConfigured: true } };
    expect(only(table)).toMatchObject({ tid: { hostNqn: "" }, hostId: "" });
  });

  it("keep a port, a unique NQN and a host name that the record gives", () => {
    const nqn = "nqn.1988-11.com.example:dc:7";
    const table = withRecords({ uri: { transport: "tcp", host: "dc.example", port: 4420 }, nqn });
    expect(only(table)).toMatchObject({ tid: { traddr: "dc.example", trsvcid: "4420", subsysnqn: nqn } });
  });

  it("default to the port of their transport, and have an interface only for tcp", () => {
    const record = { uri: { transport: "rdma", host: "192.168.1.20", port: undefined }, nqn: "" };
    const { controllers } = discoveryControllersOf(withRecords(record), HOST, false);
    expect(controllers).toMatchObject([
      { tid: { transport: "rdma", trsvcid: "4420", subsysnqn: WELL_KNOWN, hostIface: "" }, remarks: [] },
    ]);
    expect(only(withRecords({ uri: { ...record.uri, transport: "tcp" } }))).toMatchObject({ tid: { trsvcid: "8009" } });
  });

  it("are two if one is reached over two HFIs, and one if interfaces are ignored", () => {
    const table = withRecords({ hfi: 1 }, { hfi: 4 });
    const ifaces = ({ controllers }: { readonly controllers: readonly NbftDc[] }): string[] =>
      controllers.map(({ tid }) => tid.hostIface);
    expect(ifaces(discoveryControllersOf(table, HOST, false))).toEqual(["eth0", "eth1.100"]);
    const apart = discoveryControllersOf(table, HOST, true);
    expect(ifaces(apart)).toEqual([""]);
    expect(apart.leftOut).toEqual([
      { record: "discovery record 2", because: "it asks for the same connection as record 1" },
    ]);
  });
});

describe("a record is left out, with the reason:", () => {
  const profile = TABLE.securityProfiles[0]!;

  it.each<readonly [because: string, table: NbftTable]>([
    ["it gives no address", withRecords({ uri: undefined })],
    ["it gives no address", withRecords({ uri: { transport: "tcp", host: "0.0.0.0", port: 8009 } })],
    ["it gives no address", withRecords({ uri: { transport: "tcp", host: "::", port: 8009 } })],
    ["its transport is neither tcp nor rdma", withRecords({ uri: { transport: "quic", host: "10.0.0.1", port: 1 } })],
    ["its transport is neither tcp nor rdma", withRecords({ uri: { transport: "fc", host: "10.0.0.1", port: 1 } })],
    ["its NQN is not valid", withRecords({ nqn: "iqn.2014-08.org:x" })],
    ["its NQN is not valid", withRecords({ nqn: "nqn.2014-08.org:x,hostnqn=y" })],
    ["its NQN is not valid", withRecords({ nqn: `nqn.${"x".repeat(220)}` })],
    [
      "the host NQN in the table is not valid",
      { ...withRecords({}), host: { ...TABLE.host, nqn: "nqn.x,traddr=10.0.0.1" } },
    ],
    ["its security profile 9 cannot be read", withRecords({ securityProfile: 9 })],
    [
      "its security profile 1 cannot be read",
      { ...withRecords({ securityProfile: 1 }), securityProfiles: [profile, profile] },
    ],
    [
      "it requires TLS with a key that the table only points to: configure this controller in stafd.conf",
      withRecords({ securityProfile: 2 }),
    ],
  ])("%s", (because, table) => {
    expect(only(table)).toEqual({ because });
  });

  it("it cannot be read; its position names it", () => {
    const { bytes, at } = encodeNbft(TABLE);
    const { controllers, leftOut } = discoveryControllersOf(
      decodeNbft(patch(patch(bytes, at.discovery[0]!, 9), at.subsystems[0]!, 9)),
      HOST,
      false,
    );
    expect(controllers.map(({ record }) => record)).toEqual([2]);
    expect(leftOut).toEqual([
      {
        record: "discovery descriptor at position 1",
        because: "it cannot be read (NBFT discovery descriptor: it has the wrong structure ID)",
      },
    ]);
  });
});

describe("the interface of a record", () => {
  const first = withRecords({ hfi: 1 });
  const tagged = withRecords({ hfi: 4 });
  const elsewhere = (one: HostInterface): HostInterface => ({ ...one, addresses: ["10.9.9.9"] });
  const shared = (name: string, addresses: readonly string[] = []): HostInterface => ({ ...ETH0, name, addresses });

  it.each<readonly [what: string, table: NbftTable, interfaces: readonly HostInterface[], name: string]>([
    ["is the one with the MAC, regardless of its address", first, [LO, elsewhere(ETH0), ETH1], "eth0"],
    ["is found by a MAC in upper case", first, [{ ...ETH0, mac: "52:54:00:AA:BB:01" }], "eth0"],
    ["is the one on the VLAN, not the one below", tagged, [ETH1, elsewhere(ETH1_100)], "eth1.100"],
    ["is the one below, not the one on a VLAN", first, [{ ...shared("eth0.7"), vlan: 7 }, elsewhere(ETH0)], "eth0"],
    [
      "is the bond that has the address, not its ports",
      first,
      [shared("a"), shared("b"), shared("bond0", ["192.168.1.10"])],
      "bond0",
    ],
    ["counts as untagged if VLANs are not reported", first, [elsewhere(untold(ETH0))], "eth0"],
    ["counts as tagged if it has the address", tagged, [untold(ETH1), untold(ETH1_100)], "eth1.100"],
    ["is found by the index of the HFI, not its position", withRecords({ hfi: 4 }), HOST, "eth1.100"],
  ])("%s", (_what, table, interfaces, name) => {
    expect(only(table, interfaces)).toMatchObject({ tid: { hostIface: name }, remarks: [] });
  });

  it.each<readonly [remark: string, table: NbftTable, interfaces: readonly HostInterface[]]>([
    ["no interface has the MAC address 52:54:00:aa:bb:01", first, [LO, ETH1]],
    ["no interface with the MAC address 52:54:00:aa:bb:02 is on VLAN 100", tagged, [ETH1]],
    ["no interface with the MAC address 52:54:00:aa:bb:02 is on VLAN 100", tagged, [untold(ETH1)]],
    ["no interface with the MAC address 52:54:00:aa:bb:01 is outside a VLAN", first, [{ ...ETH0, vlan: 7 }]],
    ["several interfaces have the MAC address 52:54:00:aa:bb:01", first, [shared("a"), shared("b")]],
    ["several interfaces have the MAC address 52:54:00:aa:bb:01", first, [ETH0, { ...ETH0, name: "br0" }]],
    ["the table names no interface for it", withRecords({ hfi: 0 }), HOST],
    ["the table names no interface for it", withRecords({ hfi: 9 }), HOST],
    ["the table names no interface for it", { ...first, hfis: [HFI!, HFI!] }, HOST],
    ["the table names no interface for it", { ...first, hfis: [{ ...HFI!, mac: LO.mac }] }, HOST],
  ])("is left to the routing table: %s", (remark, table, interfaces) => {
    expect(only(table, interfaces)).toMatchObject({
      tid: { traddr: "192.168.1.20", hostIface: "" },
      remarks: [`${remark}, so the routing table selects the interface`],
    });
    // With ignore-iface, a missing interface needs no remark.
    expect(only(table, interfaces, true)).toMatchObject({ tid: { hostIface: "" }, remarks: [] });
  });

  it("is not guessed from an HFI without an address if two interfaces share the MAC", () => {
    const table = { ...first, hfis: [{ ...HFI!, address: "" }, TAGGED!] };
    expect(only(table, [shared("a", [""]), shared("b", ["192.168.1.10"])])).toMatchObject({ tid: { hostIface: "" } });
  });
});

describe("a link-local address", () => {
  const linkLocal = (host: string): NbftTable => withRecords({ hfi: 1, uri: { transport: "tcp", host, port: 8009 } });

  it("names the interface, by host-iface or by its scope", () => {
    expect(only(linkLocal("fe80::20"))).toMatchObject({ tid: { traddr: "fe80::20", hostIface: "eth0" } });
    expect(only(linkLocal("fe80::20"), HOST, true)).toMatchObject({ tid: { traddr: "fe80::20%eth0", hostIface: "" } });
  });

  it("keeps the scope that the firmware gave it", () => {
    expect(only(linkLocal("fe80::20%ens3"))).toMatchObject({
      tid: { traddr: "fe80::20%ens3", hostIface: "" },
      remarks: [],
    });
  });

  it("is not usable without an interface", () => {
    expect(only(linkLocal("fe80::20"), [LO])).toEqual({
      because: "its address is link-local, and no interface has the MAC address 52:54:00:aa:bb:01",
    });
  });
});
