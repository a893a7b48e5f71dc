/** Subsystem namespace descriptors (SSNS) of an NVMe Boot Firmware Table (Boot Specification, 3.1.2.5). */
import type {
  NbftAvailability,
  NbftDiagnostic,
  NbftNamespaceId,
  NbftSubsystem,
  NbftSubsystemExtended,
} from "../domain/nbft.js";
import { NQN_BYTES_MAX } from "../domain/nqn.js";
import { Seconds } from "../domain/units.js";
import { addressText, NBFT_ADDRESS_BYTES, uuidText } from "./nbft-descriptor.js";
import type { NbftDescriptor } from "./nbft-descriptor.js";
import { NBFT_STRUCTURE, NBFT_TRTYPE_TCP, twoBits } from "./nbft-structures.js";
import { toHex } from "./text.js";

export const SUBSYSTEM_BYTES = 128;

/** The length of the field in a discovery log page. */
const TRSVCID_BYTES_MAX = 32;

/** A DHCP option has up to 255 bytes, and further options may continue it. */
const ROOT_PATH_BYTES_MAX = 1024;

const FIELD = {
  structure: 0,
  index: 1,
  flags: 3,
  trtype: 5,
  trflags: 6,
  discovery: 8,
  traddr: 10,
  trsvcid: 16,
  portId: 22,
  nsid: 24,
  nidType: 28,
  nid: 29,
  security: 45,
  primaryHfi: 46,
  secondaryHfis: 48,
  nqn: 54,
  extendedInfo: 60,
} as const;

const NID_BYTES = 16;
const EUI64_BYTES = 8;

const VALID = 1 << 0;
const NON_BOOTABLE = 1 << 1;
const USE_SECURITY = 1 << 2;
const DHCP_ROOT_PATH = 1 << 3;
const EXTENDED_INFO = 1 << 4;
const SEPARATE_DISCOVERY = 1 << 5;
const DISCOVERED = 1 << 6;
const AVAILABILITY_SHIFT = 7;

const TRFLAGS_VALID = 1 << 0;
const HDR_DIGEST = 1 << 1;
const DATA_DIGEST = 1 << 2;

const AVAILABILITIES = ["not-indicated", "available", "unavailable", "reserved"] as const satisfies NbftAvailability[];

const EXTENDED = {
  structure: 0,
  version: 1,
  subsystem: 2,
  flags: 4,
  cntlid: 8,
  asqsz: 10,
  rootPath: 12,
  naed: 18,
  cipeec: 19,
  timeout: 20,
  nceec: 22,
} as const;
const EXTENDED_BYTES_1_1 = 23;
const EXTENDED_VALID = 1 << 0;
const ASQSZ_CONFIGURED = 1 << 1;
const NO_TIMEOUT = 0xffff;

/** Decodes one; `undefined` if it is marked as not valid. Throws DecodeError if it cannot be read. */
export function decodeSubsystem(ssns: NbftDescriptor): NbftSubsystem | undefined {
  const flags = ssns.u16(FIELD.flags);
  if ((flags & VALID) === 0) return undefined;
  if (ssns.u8(FIELD.structure) !== NBFT_STRUCTURE.subsystem) ssns.fail("it has the wrong structure ID");
  const trtype = ssns.u8(FIELD.trtype);
  if (trtype !== NBFT_TRTYPE_TCP) ssns.fail(`its transport type ${String(trtype)} is unknown`);
  const trflags = ssns.u16(FIELD.trflags);
  const digests = (trflags & TRFLAGS_VALID) === 0 ? 0 : trflags;
  const index = ssns.u16(FIELD.index);
  return {
    index,
    transport: "tcp",
    traddr: decodeTraddr(ssns),
    trsvcid: ssns.text(FIELD.trsvcid, "transport service", TRSVCID_BYTES_MAX),
    subsysnqn: ssns.text(FIELD.nqn, "NQN", NQN_BYTES_MAX),
    portId: ssns.u16(FIELD.portId),
    nsid: ssns.u32(FIELD.nsid),
    namespaceId: namespaceIdOf(ssns.u8(FIELD.nidType), ssns.bytes(FIELD.nid, NID_BYTES)),
    hfis: decodeHfis(ssns),
    discoveryController: ssns.u8(FIELD.discovery),
    securityProfile: (flags & USE_SECURITY) === 0 ? 0 : ssns.u8(FIELD.security),
    hdrDigest: (digests & HDR_DIGEST) !== 0,
    dataDigest: (digests & DATA_DIGEST) !== 0,
    nonBootable: (flags & NON_BOOTABLE) !== 0,
    fromDhcpRootPath: (flags & DHCP_ROOT_PATH) !== 0,
    separateDiscovery: (flags & SEPARATE_DISCOVERY) !== 0,
    discovered: (flags & DISCOVERED) !== 0,
    availability: AVAILABILITIES[twoBits(flags, AVAILABILITY_SHIFT)],
    extended: (flags & EXTENDED_INFO) === 0 ? undefined : decodeExtended(ssns, index),
  };
}

function decodeTraddr(ssns: NbftDescriptor): string {
  const object = ssns.nested(FIELD.traddr, "transport address") ?? ssns.fail("it has no transport address");
  if (object.length !== NBFT_ADDRESS_BYTES) object.fail(`it is not ${String(NBFT_ADDRESS_BYTES)} bytes long`);
  return addressText(object.bytes(0, NBFT_ADDRESS_BYTES));
}

/** Without duplicates: firmware repeats the primary HFI among the secondary ones (Dell PowerEdge, EDK2). */
function decodeHfis(ssns: NbftDescriptor): readonly number[] {
  const indexes = [ssns.u8(FIELD.primaryHfi), ...ssns.list(FIELD.secondaryHfis, "list of HFIs")];
  return [...new Set(indexes)].filter((index) => index !== 0);
}

/** NIDT of the Namespace Identification Descriptor (NVMe Base). */
function namespaceIdOf(type: number, nid: Uint8Array): NbftNamespaceId {
  switch (type) {
    case 0:
      return { kind: "none" };
    case 1:
      return { kind: "eui64", hex: toHex(nid.subarray(0, EUI64_BYTES)) };
    case 2:
      return { kind: "nguid", hex: toHex(nid) };
    case 3:
      return { kind: "uuid", uuid: uuidText(nid) };
    default:
      return { kind: "other", type, hex: toHex(nid) };
  }
}

function decodeExtended(ssns: NbftDescriptor, index: number): NbftSubsystemExtended | undefined {
  const extended = ssns.nested(FIELD.extendedInfo, "subsystem extended information");
  if (extended === undefined) return undefined;
  const flags = extended.u32(EXTENDED.flags);
  if ((flags & EXTENDED_VALID) === 0) return undefined;
  if (extended.u8(EXTENDED.structure) !== NBFT_STRUCTURE.subsystemExtendedInfo)
    extended.fail("it has the wrong structure ID");
  if (extended.u8(EXTENDED.version) !== 1) extended.fail(`its version ${String(extended.u8(1))} is unknown`);
  if (extended.u16(EXTENDED.subsystem) !== index) extended.fail("it belongs to another subsystem");
  return {
    cntlid: extended.u16(EXTENDED.cntlid),
    asqsz: extended.u16(EXTENDED.asqsz),
    asqszConfigured: (flags & ASQSZ_CONFIGURED) !== 0,
    dhcpRootPath: extended.text(EXTENDED.rootPath, "DHCP root path", ROOT_PATH_BYTES_MAX),
    diagnostic: extended.length < EXTENDED_BYTES_1_1 ? undefined : decodeDiagnostic(extended),
  };
}

function decodeDiagnostic(extended: NbftDescriptor): NbftDiagnostic {
  const timeout = extended.u16(EXTENDED.timeout);
  return {
    naed: extended.u8(EXTENDED.naed),
    cipeec: extended.u8(EXTENDED.cipeec),
    nceec: extended.u8(EXTENDED.nceec),
    connectTimeout: timeout === NO_TIMEOUT ? undefined : Seconds(timeout),
  };
}
