import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/core/codec/error.js";
import { decodeNbft, NBFT_BYTES_MAX } from "../../../src/core/codec/nbft.js";
import { nbftHfi, nbftSecurityProfile } from "../../../src/core/domain/nbft.js";
import { encodeNbft, le32, patch } from "./nbft-encoder.js";
import { TABLE } from "./nbft-table.js";

const encoded = encodeNbft(TABLE);
const { at, bytes } = encoded;

/** Offsets of fields in the control descriptor. */
const HOST_REFERENCE = 72;
const HOST_VERSION = 78;
const HFI_LIST = 80;
const SUBSYSTEM_LIST = 88;
const SECURITY_LIST = 96;
const DISCOVERY_LIST = 104;

function problemOf(table: Uint8Array): string {
  try {
    decodeNbft(table);
    return "none";
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}

/** The faults of a table that is otherwise read, as text. */
function faultOf(table: Uint8Array): string {
  const { faults } = decodeNbft(table);
  return faults.map(({ list, position, problem }) => `${list} ${String(position)}: ${problem}`).join("; ");
}

describe("a boot firmware table", () => {
  it("decodes to what it holds", () => {
    expect(decodeNbft(bytes)).toEqual(TABLE);
  });

  it("may hold nothing but a host", () => {
    const bare = { ...TABLE, hfis: [], securityProfiles: [], discoveryControllers: [], subsystems: [] };
    expect(decodeNbft(encodeNbft(bare).bytes)).toEqual(bare);
  });

  it("may count the NUL of a text, and have longer descriptors and unnamed flags", () => {
    const style = { nul: "counted", descriptorTail: 7, unknownFlags: "set" } as const;
    expect(decodeNbft(encodeNbft(TABLE, style).bytes)).toEqual(TABLE);
  });

  it("may have a later minor revision, which is compatible by definition", () => {
    expect(decodeNbft(patch(bytes, 50, 9))).toEqual({ ...TABLE, minorRevision: 9 });
  });

  it("skips descriptors that are not marked as valid, whatever they hold", () => {
    let reserved = patch(bytes, at.hfis[0]!, 99, 1, 0);
    reserved = patch(reserved, at.discovery[0]!, 99, 0);
    reserved = patch(reserved, at.security[0]!, 99, 1, 0, 0);
    reserved = patch(reserved, at.subsystems[0]!, 99, 1, 0, 0, 0);
    expect(decodeNbft(reserved)).toEqual({
      ...TABLE,
      hfis: TABLE.hfis.slice(1),
      discoveryControllers: TABLE.discoveryControllers.slice(1),
      securityProfiles: TABLE.securityProfiles.slice(1),
      subsystems: TABLE.subsystems.slice(1),
    });
  });

  it("has no digest if the transport's flags are unused, and no profile if none is in use", () => {
    const unused = patch(patch(bytes, at.subsystems[0]! + 6, 6, 0), at.subsystems[0]! + 3, 0x41, 0);
    const [subsystem] = decodeNbft(unused).subsystems;
    expect(subsystem).toMatchObject({ hdrDigest: false, dataDigest: false, securityProfile: 0, extended: undefined });
  });

  it("does not read what its flags mark as reserved", () => {
    const reserved = patch(patch(bytes, at.hfiInfos[0]! + 6, 1), at.security[0]! + 2, 1, 0);
    expect(decodeNbft(reserved).hfis[0]).toMatchObject({ dhcp: false, dhcpServer: "", defaultRoute: false });
    expect(decodeNbft(reserved).securityProfiles[0]).toMatchObject({
      authenticationProtocols: [],
      secureChannelAlgorithms: [],
      cipherSuites: [],
      dhGroups: [],
      hashFunctions: [],
    });
  });

  it("reveals only that the secret has a path, not the path", () => {
    const secret = "https://user:c0ffee@bmc/key";
    const table = decodeNbft(encodeNbft(TABLE, { secretKeypath: secret }).bytes);
    expect(table).toEqual(TABLE);
    expect(table.securityProfiles.map(({ hasSecretKeypath }) => hasSecretKeypath)).toEqual([true, false]);
    expect(JSON.stringify(table)).not.toMatch(/c0ffee|bmc/);
  });

  it("keeps no reference to the caller's bytes", () => {
    const given = Uint8Array.from(bytes);
    const table = decodeNbft(given);
    given.fill(0xff);
    expect(table).toEqual(TABLE);
  });
});

describe("look-ups", () => {
  it("find an HFI and a security profile by index", () => {
    const table = decodeNbft(bytes);
    expect(nbftHfi(table, 4)).toEqual(TABLE.hfis[1]);
    expect(nbftSecurityProfile(table, 2)).toEqual(TABLE.securityProfiles[1]);
  });

  it("find nothing for 0, for an unknown index, or for a duplicate index", () => {
    const table = decodeNbft(patch(bytes, at.hfis[1]! + 1, TABLE.hfis[0]!.index));
    expect(table.hfis.length).toBe(2);
    expect([9, TABLE.hfis[0]!.index].map((index) => nbftHfi(table, index))).toEqual([undefined, undefined]);
    expect(nbftHfi(decodeNbft(patch(bytes, at.hfis[1]! + 1, 0)), 0)).toBeUndefined();
  });
});

const unsealed = (offset: number, ...values: readonly number[]): Uint8Array => {
  const changed = Uint8Array.from(bytes);
  changed.set(values, offset);
  return changed;
};

/** Two lists, the host and the heap, each moved onto another structure. */
const hostAt = (start: number): Uint8Array => patch(bytes, HOST_REFERENCE, ...le32(start));
const listAt = (field: number, start: number): Uint8Array => patch(bytes, field, ...le32(start));

const longer = Uint8Array.of(...bytes, 0);

describe("a malformed table is refused", () => {
  it.each<readonly [problem: string, table: Uint8Array]>([
    ["NBFT header: the table is cut short", new Uint8Array(0)],
    ["NBFT header: the table is cut short", bytes.subarray(0, 127)],
    ["NBFT header: the signature is not NBFT", patch(bytes, 0, 0x49)],
    ["NBFT header: its length leaves no room for a control descriptor", patch(bytes, 4, ...le32(127))],
    ["NBFT header: it claims more bytes than the table has", patch(bytes, 4, ...le32(bytes.length + 1))],
    ["NBFT header: it claims more bytes than the table has", bytes.subarray(0, bytes.length - 1)],
    [`NBFT header: it claims more than ${String(NBFT_BYTES_MAX)} bytes`, patch(bytes, 4, ...le32(0xffff_ffff))],
    ["NBFT header: the checksum is wrong", unsealed(9, bytes[9]! ^ 1)],
    ["NBFT header: the checksum is wrong", unsealed(bytes.length - 1, 1)],
    ["NBFT header: its major revision 0 is unknown", patch(bytes, 8, 0)],
    ["NBFT header: its major revision 2 is unknown", patch(bytes, 8, 2)],
    ["NBFT heap: it lies outside the table", patch(bytes, 36, ...le32(at.heap + 1))],
    ["NBFT heap: it lies outside the table", patch(bytes, 40, ...le32(0xffff_ffff))],
    // Bytes beyond the stated length are not part of the table.
    ["NBFT heap: it lies outside the table", patch(longer, 40, ...le32(longer.length - at.heap))],
    ["NBFT control descriptor: it has the wrong structure ID", patch(bytes, 64, 2)],
    ["NBFT control descriptor: it is not marked as valid", patch(bytes, 70, 0xfe)],
    ["NBFT control descriptor: its major revision 2 is unknown", patch(bytes, 65, 2)],
    ["NBFT control descriptor: its length is too short", patch(bytes, 68, 63, 0)],
    ["NBFT control descriptor: version 2 of the host descriptor is unknown", patch(bytes, HOST_VERSION, 2)],
    ["NBFT control descriptor: its host descriptor is too short", patch(bytes, HOST_REFERENCE + 4, 31, 0)],
    ["NBFT host descriptor: it lies outside the table", hostAt(bytes.length - 31)],
    ["NBFT host descriptor: it lies outside the table", hostAt(0xffff_fff0)],
    ["NBFT host descriptor: it has the wrong structure ID", patch(bytes, at.host, 1)],
    ["NBFT host descriptor: it is not marked as valid", patch(bytes, at.host + 1, 0xfe)],
    ["NBFT host descriptor: it has no NQN", patch(bytes, at.host + 22, 0, 0)],
    ["NBFT host descriptor: its NQN lies outside the heap", patch(bytes, at.host + 18, ...le32(at.heap - 1))],
    ["NBFT host descriptor: its NQN lies outside the heap", patch(bytes, at.host + 18, ...le32(0xffff_ffff))],
    ["NBFT host descriptor: its NQN has no terminating NUL", patch(bytes, at.host + 22, 20, 0)],
    ["NBFT host descriptor: its NQN is not printable text", patch(bytes, at.heap, 0x0a)],
    ["NBFT host descriptor: its NQN is not printable text", patch(bytes, at.heap, 0xff)],
  ])("%s", (problem, table) => {
    expect(problemOf(table)).toBe(problem);
  });

  it.each([
    ["HFI", HFI_LIST],
    ["subsystem", SUBSYSTEM_LIST],
    ["security", SECURITY_LIST],
    ["discovery", DISCOVERY_LIST],
  ])("for its %s list", (list, field) => {
    const outside = `NBFT ${list} list: it lies outside the table`;
    expect(problemOf(listAt(field, bytes.length - 1))).toBe(outside);
    expect(problemOf(listAt(field, 0xffff_ffe0))).toBe(outside);
    expect(problemOf(patch(bytes, field + 4, 0xff, 0xff))).toBe(outside);
    expect(problemOf(patch(bytes, field + 6, 2))).toBe(
      `NBFT control descriptor: version 2 of its ${list} list is unknown`,
    );
    expect(problemOf(patch(bytes, field + 4, 31, 0))).toBe(
      `NBFT control descriptor: the descriptors in its ${list} list are too short`,
    );
    expect(problemOf(patch(bytes, field + 4, 0, 0))).toBe(
      `NBFT control descriptor: the descriptors in its ${list} list are too short`,
    );
    expect(problemOf(listAt(field, 0))).toBe(`NBFT: its header and its ${list} list overlap`);
    // An empty list says nothing about itself.
    expect(problemOf(patch(bytes, field, 0xff, 0xff, 0xff, 0xff, 0, 0, 9, 0))).toBe("none");
  });

  it.each([
    ["header and its host descriptor", hostAt(64)],
    ["HFI list and its host descriptor", hostAt(at.hfis[1]!)],
    ["host descriptor and its HFI list", listAt(HFI_LIST, at.host + 31)],
    ["subsystem list and its security list", listAt(SECURITY_LIST, at.subsystems[1]!)],
    ["heap and its discovery list", listAt(DISCOVERY_LIST, at.heap + 1)],
    ["discovery list and its heap", patch(bytes, 36, ...le32(at.heap - 1))],
    ["header and its heap", patch(patch(bytes, 36, ...le32(0)), 40, ...le32(128))],
    ["HFI list and its subsystem list", patch(bytes, HFI_LIST + 7, 3)],
  ])("for an overlap: %s", (what, table) => {
    expect(problemOf(table)).toBe(`NBFT: its ${what} overlap`);
  });
});

/** The offset that the reference at `field` holds. */
function target(field: number): number {
  return new DataView(bytes.buffer).getUint32(field, true);
}

describe("a descriptor that cannot be read is a fault, and the others are read", () => {
  const [hfi, info] = [at.hfis[0]!, at.hfiInfos[0]!];
  const [ssns, security, discovery] = [at.subsystems[0]!, at.security[0]!, at.discovery[1]!];
  const extended = target(ssns + 60);
  const client = target(info + 110);
  const uri = target(discovery + 6);
  const longNqn = {
    ...TABLE,
    subsystems: TABLE.subsystems.map((one, i) => (i === 0 ? { ...one, subsysnqn: `nqn.${"x".repeat(220)}` } : one)),
  };

  it.each<readonly [fault: string, table: Uint8Array]>([
    ["HFI 1: NBFT HFI descriptor: it has the wrong structure ID", patch(bytes, hfi, 4)],
    ["HFI 1: NBFT HFI descriptor: its transport type 1 is unknown", patch(bytes, hfi + 3, 1)],
    ["HFI 1: NBFT HFI descriptor: it has no transport information", patch(bytes, hfi + 20, 0, 0)],
    [
      "HFI 1: NBFT HFI descriptor: its HFI transport information lies outside the heap",
      patch(bytes, hfi + 16, ...le32(hfi)),
    ],
    ["HFI 1: NBFT HFI transport information: it is cut short", patch(bytes, hfi + 20, 100, 0)],
    ["HFI 1: NBFT HFI transport information: it has the wrong structure ID", patch(bytes, info, 3)],
    ["HFI 1: NBFT HFI transport information: its version 2 is unknown", patch(bytes, info + 1, 2)],
    ["HFI 1: NBFT HFI transport information: its transport version 3 is unknown", patch(bytes, info + 3, 3)],
    ["HFI 1: NBFT HFI transport information: its transport version 0 is unknown", patch(bytes, info + 3, 0)],
    ["HFI 1: NBFT HFI transport information: its transport differs from that of its HFI", patch(bytes, info + 2, 1)],
    ["HFI 1: NBFT HFI transport information: it is not marked as valid", patch(bytes, info + 6, 0xfe)],
    ["HFI 1: NBFT HFI transport information: its VLAN ID is not valid", patch(bytes, info + 17, 0xff, 0x0f)],
    [
      "HFI 1: NBFT HFI transport information: its host name lies outside the heap",
      patch(bytes, info + 108, 0xff, 0xff),
    ],
    ["HFI 1: NBFT HFI extended information: it has the wrong structure ID", patch(bytes, client, 9)],
    ["HFI 1: NBFT HFI extended information: its version 2 is unknown", patch(bytes, client + 1, 2)],
    ["HFI 1: NBFT DHCP IAID: it is not 4 bytes long", patch(bytes, client + 12, 3)],
    ["HFI 1: NBFT DHCP DUID: it is longer than 130 bytes", patch(bytes, client + 14, ...le32(at.heap), 131)],
    ["security 1: NBFT security descriptor: it has the wrong structure ID", patch(bytes, security, 4)],
    [
      "security 1: NBFT security descriptor: its list of authentication protocols lies outside the heap",
      patch(bytes, security + 12, ...le32(bytes.length)),
    ],
    [
      "security 1: NBFT security descriptor: its list of cipher suites is longer than 255 bytes",
      patch(bytes, security + 18, ...le32(at.heap), 0, 1),
    ],
    [
      "security 1: NBFT security descriptor: its path to the secret lies outside the heap",
      patch(bytes, security + 36, ...le32(4)),
    ],
    ["discovery 2: NBFT discovery descriptor: it has the wrong structure ID", patch(bytes, discovery, 5)],
    ["discovery 2: NBFT discovery descriptor: its URI has no terminating NUL", patch(bytes, discovery + 10, 8, 0)],
    [
      "discovery 2: NBFT discovery descriptor: its NQN lies outside the heap",
      patch(bytes, discovery + 12, 0, 0, 0, 0, 1),
    ],
    ["discovery 2: NVMe URI: it is not nvme+TRANSPORT://HOST", patch(bytes, uri, 0x68)],
    ["discovery 2: NVMe URI: it holds user information", patch(bytes, uri + 12, 0x40)],
    ["subsystem 1: NBFT subsystem descriptor: it has the wrong structure ID", patch(bytes, ssns, 3)],
    ["subsystem 1: NBFT subsystem descriptor: its transport type 2 is unknown", patch(bytes, ssns + 5, 2)],
    ["subsystem 1: NBFT subsystem descriptor: it has no transport address", patch(bytes, ssns + 14, 0, 0)],
    ["subsystem 1: NBFT transport address: it is not 16 bytes long", patch(bytes, ssns + 14, 4)],
    ["subsystem 1: NBFT subsystem descriptor: its NQN is not printable text", patch(bytes, target(ssns + 54), 0x1b)],
    ["subsystem 1: NBFT subsystem descriptor: its NQN is longer than 223 bytes", encodeNbft(longNqn).bytes],
    [
      "subsystem 1: NBFT subsystem descriptor: its list of HFIs is longer than 255 bytes",
      patch(bytes, ssns + 48, ...le32(at.heap), 0, 1),
    ],
    ["subsystem 1: NBFT subsystem extended information: it has the wrong structure ID", patch(bytes, extended, 1)],
    ["subsystem 1: NBFT subsystem extended information: its version 0 is unknown", patch(bytes, extended + 1, 0)],
    [
      "subsystem 1: NBFT subsystem extended information: it belongs to another subsystem",
      patch(bytes, extended + 2, 9),
    ],
    ["subsystem 1: NBFT subsystem extended information: it is cut short", patch(bytes, ssns + 64, 17)],
  ])("%s", (fault, table) => {
    expect(faultOf(table)).toBe(fault);
    const { hfis, securityProfiles, discoveryControllers, subsystems } = decodeNbft(table);
    const left = hfis.length + securityProfiles.length + discoveryControllers.length + subsystems.length;
    expect(left).toBe(2 + 2 + 2 + 2 - 1);
  });

  it("that contains itself ends, because references are followed to a fixed depth", () => {
    // The transport information doubles as its own extended information, with that one's flags.
    const looped = patch(patch(bytes, info + 110, ...le32(info), 128, 0), info + 4, 3);
    expect(faultOf(looped)).toBe("HFI 1: NBFT HFI extended information: it has the wrong structure ID");
  });

  it("that shares its texts with another one is read", () => {
    const shared = patch(bytes, discovery + 6, ...bytes.subarray(at.discovery[0]! + 6, at.discovery[0]! + 18));
    const [first, second] = decodeNbft(shared).discoveryControllers;
    expect(second).toEqual({ ...first, index: 2, hfi: 4, securityProfile: 1 });
  });
});
