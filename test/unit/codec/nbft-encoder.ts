/** Builds NVMe Boot Firmware Tables, honest ones and liars. Follows the specification's figures, not the decoder. */
import type {
  NbftDiscoveryController,
  NbftHfi,
  NbftNamespaceId,
  NbftSecurityProfile,
  NbftSubsystem,
  NbftSubsystemExtended,
  NbftTable,
} from "../../../src/core/domain/nbft.js";
import { parseIp } from "../../../src/core/domain/ip-address.js";

/** How one firmware differs from another. */
export interface NbftStyle {
  /** A text's NUL follows its length (EDK2, Dell) or is counted in it. */
  readonly nul: "behind" | "counted";
  /** Bytes after each descriptor of a list, as a later revision might add. */
  readonly descriptorTail: number;
  /** The text of the path to each secret. */
  readonly secretKeypath: string;
  /** Sets unnamed bits in every flags field. */
  readonly unknownFlags: "set" | "clear";
}

const PLAIN: NbftStyle = {
  nul: "behind",
  descriptorTail: 0,
  secretKeypath: "https://user:c0ffee@[fe80::1]/redfish/v1/KeyService/NVMeoFKeys/1",
  unknownFlags: "clear",
};

interface EncodedNbft {
  readonly bytes: Uint8Array;
  /** The offset of each structure. Lists have one number per descriptor. */
  readonly at: {
    readonly host: number;
    readonly hfis: readonly number[];
    readonly hfiInfos: readonly number[];
    readonly subsystems: readonly number[];
    readonly security: readonly number[];
    readonly discovery: readonly number[];
    readonly heap: number;
  };
}

const HEADER = 64;
const CONTROL = 64;
const HOST = 32;
const SIZES = { hfi: 32, subsystem: 128, security: 64, discovery: 32 };
const HFI_INFO = 128;

/** A structure under construction. */
class Fields {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(offset: number, ...values: readonly number[]): this {
    this.bytes.set(values, offset);
    return this;
  }

  u16(offset: number, value: number): this {
    this.#view.setUint16(offset, value, true);
    return this;
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  reference(offset: number, [start, length]: readonly [start: number, length: number]): this {
    return this.u32(offset, start).u16(offset + 4, length);
  }
}

class Heap {
  readonly #start: number;
  readonly #style: NbftStyle;
  readonly bytes: number[] = [];

  constructor(start: number, style: NbftStyle) {
    this.#start = start;
    this.#style = style;
  }

  /** Returns a reference to the object; a zero reference if it is empty. */
  put(object: readonly number[] | Uint8Array): readonly [start: number, length: number] {
    if (object.length === 0) return [0, 0];
    const start = this.#start + this.bytes.length;
    this.bytes.push(...object);
    return [start, object.length];
  }

  text(text: string): readonly [start: number, length: number] {
    if (text === "") return [0, 0];
    const [start, length] = this.put([...new TextEncoder().encode(text), 0]);
    return [start, this.#style.nul === "counted" ? length : length - 1];
  }
}

const bit = (shift: number, value: boolean): number => (value ? 1 << shift : 0);

function place(shift: number, names: readonly string[], name: string): number {
  return names.indexOf(name) << shift;
}

function fromHex(hex: string): number[] {
  return (hex.match(/[0-9a-f]{2}/g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

const uuidBytes = (uuid: string): number[] => fromHex(uuid.replaceAll("-", ""));

/** IPv4 is mapped into IPv6. An empty address is all zeros. */
function addressBytes(text: string): number[] {
  if (text === "") return Array<number>(16).fill(0);
  if (parseIp(text)?.family === "ipv4")
    return [...Array<number>(10).fill(0), 0xff, 0xff, ...text.split(".").map(Number)];
  const [head = "", tail] = text.split("::");
  const groups = (side: string): string[] => (side === "" ? [] : side.split(":"));
  const [front, back] = [groups(head), groups(tail ?? "")];
  const all = [...front, ...Array<string>(8 - front.length - back.length).fill("0"), ...back];
  return all.flatMap((group) => fromHex(group.padStart(4, "0")));
}

function uriText({ uri }: NbftDiscoveryController): string {
  if (uri === undefined) return "";
  const host = uri.host.includes(":") ? `[${uri.host}]` : uri.host;
  return `nvme+${uri.transport}://${host}${uri.port === undefined ? "" : `:${String(uri.port)}`}/`;
}

function encodeHfiInfo(hfi: NbftHfi, heap: Heap, style: NbftStyle): Uint8Array {
  const [segment = "", bus = "", rest = ""] = hfi.pci.split(":");
  const [device = "", fn = ""] = rest.split(".");
  const hex = (text: string): number => Number.parseInt(text, 16);
  const since11 = hfi.autoconfigured || hfi.pcieSegment !== 0 || hfi.dhcpClient !== undefined;
  const flags = 1 | bit(1, hfi.defaultRoute) | bit(2, hfi.dhcp) | bit(3, hfi.autoconfigured);
  const info = new Fields(HFI_INFO)
    .u8(0, 7, 1, 3, since11 ? 2 : 1)
    .u16(4, hfi.index)
    .u8(6, flags | (style.unknownFlags === "set" ? 0xf0 : 0))
    .u32(7, hex(segment) * 0x1_0000 + hex(bus) * 0x100 + hex(device) * 8 + hex(fn))
    .u8(11, ...fromHex(hfi.mac))
    .u16(17, hfi.vlan)
    .u8(19, hfi.ipOrigin, ...addressBytes(hfi.address), hfi.prefixLength, ...addressBytes(hfi.gateway))
    .u16(54, hfi.routeMetric)
    .u8(56, ...addressBytes(hfi.primaryDns), ...addressBytes(hfi.secondaryDns), ...addressBytes(hfi.dhcpServer))
    .reference(104, heap.text(hfi.hostName))
    .u8(116, hfi.pcieSegment);
  if (hfi.dhcpClient !== undefined) {
    const { iaid, duid } = hfi.dhcpClient;
    const extended = new Fields(20).u8(0, 10, 1).u16(2, hfi.index).u32(4, 3);
    if (iaid !== undefined) extended.reference(8, heap.put(new Fields(4).u32(0, iaid).bytes));
    info.reference(110, heap.put(extended.reference(14, heap.put(fromHex(duid))).bytes));
  }
  return info.bytes;
}

const REQUIREMENTS = ["not-supported", "not-required", "required", "reserved"];
const POLICIES = ["none", "driver", "administrator", "reserved"];

function encodeSecurity(profile: NbftSecurityProfile, heap: Heap, style: NbftStyle): Uint8Array {
  const flags =
    1 |
    place(1, REQUIREMENTS, profile.authentication) |
    place(3, POLICIES, profile.authenticationPolicy) |
    place(5, REQUIREMENTS, profile.secureChannel) |
    place(7, POLICIES, profile.secureChannelPolicy) |
    bit(9, profile.cipherSuites.length > 0) |
    bit(10, profile.dhGroups.length > 0) |
    bit(11, profile.hashFunctions.length > 0);
  return new Fields(SIZES.security)
    .u8(0, 5, profile.index)
    .u16(2, flags | (style.unknownFlags === "set" ? 0xf000 : 0))
    .u8(4, profile.secretType)
    .reference(6, heap.put(profile.secureChannelAlgorithms))
    .reference(12, heap.put(profile.authenticationProtocols))
    .reference(18, heap.put(profile.cipherSuites))
    .reference(24, heap.put(profile.dhGroups))
    .reference(30, heap.put(profile.hashFunctions))
    .reference(36, heap.text(profile.hasSecretKeypath ? style.secretKeypath : "")).bytes;
}

function encodeDiscovery(record: NbftDiscoveryController, heap: Heap, style: NbftStyle): Uint8Array {
  return new Fields(SIZES.discovery)
    .u8(0, 6, style.unknownFlags === "set" ? 0xff : 1, record.index, record.hfi, record.securityProfile)
    .reference(6, heap.text(uriText(record)))
    .reference(12, heap.text(record.nqn)).bytes;
}

function namespaceBytes(id: NbftNamespaceId): readonly [type: number, ...bytes: number[]] {
  switch (id.kind) {
    case "none":
      return [0];
    case "eui64":
      return [1, ...fromHex(id.hex)];
    case "nguid":
      return [2, ...fromHex(id.hex)];
    case "uuid":
      return [3, ...uuidBytes(id.uuid)];
    case "other":
      return [id.type, ...fromHex(id.hex)];
  }
}

function encodeExtended(extended: NbftSubsystemExtended, index: number, heap: Heap): Uint8Array {
  const { diagnostic } = extended;
  const fields = new Fields(diagnostic === undefined ? 18 : 23)
    .u8(0, 9, 1)
    .u16(2, index)
    .u32(4, 1 | bit(1, extended.asqszConfigured))
    .u16(8, extended.cntlid)
    .u16(10, extended.asqsz)
    .reference(12, heap.text(extended.dhcpRootPath));
  if (diagnostic !== undefined) {
    fields.u8(18, diagnostic.naed, diagnostic.cipeec).u16(20, diagnostic.connectTimeout ?? 0xffff);
    fields.u8(22, diagnostic.nceec);
  }
  return fields.bytes;
}

function encodeSubsystem(ssns: NbftSubsystem, heap: Heap, style: NbftStyle): Uint8Array {
  const flags =
    1 |
    bit(1, ssns.nonBootable) |
    bit(2, ssns.securityProfile !== 0) |
    bit(3, ssns.fromDhcpRootPath) |
    bit(4, ssns.extended !== undefined) |
    bit(5, ssns.separateDiscovery) |
    bit(6, ssns.discovered) |
    place(7, ["not-indicated", "available", "unavailable", "reserved"], ssns.availability);
  const trflags = ssns.hdrDigest || ssns.dataDigest ? 1 | bit(1, ssns.hdrDigest) | bit(2, ssns.dataDigest) : 0;
  const fields = new Fields(SIZES.subsystem)
    .u8(0, 4)
    .u16(1, ssns.index)
    .u16(3, flags | (style.unknownFlags === "set" ? 0xfe00 : 0))
    .u8(5, 3)
    .u16(6, trflags | (style.unknownFlags === "set" ? 0xfff8 : 0))
    .u8(8, ssns.discoveryController)
    .reference(10, heap.put(addressBytes(ssns.traddr)))
    .reference(16, heap.text(ssns.trsvcid))
    .u16(22, ssns.portId)
    .u32(24, ssns.nsid)
    .u8(28, ...namespaceBytes(ssns.namespaceId))
    .u8(45, ssns.securityProfile, ssns.hfis[0] ?? 0)
    // Like current firmware, it repeats the primary HFI.
    .reference(48, heap.put(ssns.hfis))
    .reference(54, heap.text(ssns.subsysnqn));
  if (ssns.extended !== undefined) fields.reference(60, heap.put(encodeExtended(ssns.extended, ssns.index, heap)));
  return fields.bytes;
}

/** Encodes a table. `faults` are not encoded. */
export function encodeNbft(table: NbftTable, change: Partial<NbftStyle> = {}): EncodedNbft {
  const style = { ...PLAIN, ...change };
  const lists = [table.hfis, table.subsystems, table.securityProfiles, table.discoveryControllers];
  const strides = [SIZES.hfi, SIZES.subsystem, SIZES.security, SIZES.discovery].map(
    (size) => size + style.descriptorTail,
  );
  const starts: number[] = [];
  let end = HEADER + CONTROL + HOST;
  lists.forEach((list, i) => {
    starts.push(end);
    end += list.length * strides[i]!;
  });
  const heap = new Heap(end, style);
  const fixed = new Fields(end);
  const put = (i: number, descriptors: readonly Uint8Array[]): number[] =>
    descriptors.map((descriptor, n) => {
      const at = starts[i]! + n * strides[i]!;
      fixed.u8(at, ...descriptor, ...Array<number>(style.descriptorTail).fill(0xa5));
      return at;
    });

  const { host } = table;
  const primary = place(3, ["not-indicated", "unselected", "selected", "reserved"], host.primary);
  const hostFlags = 1 | bit(1, host.idConfigured) | bit(2, host.nqnConfigured) | primary;
  fixed
    .u8(HEADER + CONTROL, 2, hostFlags | (style.unknownFlags === "set" ? 0xe0 : 0), ...uuidBytes(host.id))
    .reference(HEADER + CONTROL + 18, heap.text(host.nqn));
  const infos: number[] = [];
  const hfis = table.hfis.map((hfi) => {
    const reference = heap.put(encodeHfiInfo(hfi, heap, style));
    infos.push(reference[0]);
    const flags = style.unknownFlags === "set" ? 0xff : 1;
    return new Fields(SIZES.hfi).u8(0, 3, hfi.index, flags, 3).reference(16, reference).bytes;
  });
  const at = {
    host: HEADER + CONTROL,
    hfis: put(0, hfis),
    hfiInfos: infos,
    subsystems: put(
      1,
      table.subsystems.map((ssns) => encodeSubsystem(ssns, heap, style)),
    ),
    security: put(
      2,
      table.securityProfiles.map((profile) => encodeSecurity(profile, heap, style)),
    ),
    discovery: put(
      3,
      table.discoveryControllers.map((record) => encodeDiscovery(record, heap, style)),
    ),
    heap: end,
  };

  fixed
    .u8(0, ...new TextEncoder().encode("NBFT"))
    .u32(4, end + heap.bytes.length)
    .u8(8, 1)
    .u32(36, end)
    .u32(40, heap.bytes.length)
    .u8(50, table.minorRevision)
    .u8(HEADER, 1, 1, table.minorRevision)
    .u16(HEADER + 4, CONTROL)
    .u8(HEADER + 6, style.unknownFlags === "set" ? 0xff : 1)
    .reference(HEADER + 8, [HEADER + CONTROL, HOST])
    .u8(HEADER + 14, 1);
  lists.forEach((list, i) => {
    const field = HEADER + 16 + 8 * i;
    if (list.length > 0)
      fixed
        .u32(field, starts[i]!)
        .u16(field + 4, strides[i]!)
        .u8(field + 6, 1, list.length);
  });
  return { bytes: seal(Uint8Array.of(...fixed.bytes, ...heap.bytes)), at };
}

/** The bytes with a correct checksum over their stated length, or over all of them if that length is a lie. */
export function seal(bytes: Uint8Array): Uint8Array {
  const sealed = Uint8Array.from(bytes);
  if (sealed.length < HEADER) return sealed;
  const length = new DataView(sealed.buffer).getUint32(4, true);
  sealed[9] = 0;
  const sum = sealed.subarray(0, length).reduce((total, byte) => total + byte, 0);
  sealed[9] = -sum & 0xff;
  return sealed;
}

/** Replaces bytes at `offset` and seals the table again. */
export function patch(bytes: Uint8Array, offset: number, ...values: readonly number[]): Uint8Array {
  const patched = Uint8Array.from(bytes);
  patched.set(values, offset);
  return seal(patched);
}

/** A 32-bit number, little endian. */
export function le32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}
