/**
 * The NVMe Boot Firmware Table: an ACPI table (`/sys/firmware/acpi/tables/NBFT*`) with a header, a control descriptor, the
 * structures that it points to, and a heap for fields of variable length (Boot Specification 1.0 and 1.1, 3.1.2).
 */
import type { NbftFault, NbftHost, NbftList, NbftPrimary, NbftTable } from "../domain/nbft.js";
import { NQN_BYTES_MAX } from "../domain/nqn.js";
import { DecodeError } from "./error.js";
import { NbftDescriptor, uuidText } from "./nbft-descriptor.js";
import type { Extent, NbftSpace } from "./nbft-descriptor.js";
import { decodeDiscoveryController, DISCOVERY_BYTES } from "./nbft-discovery.js";
import { decodeHfi, HFI_BYTES } from "./nbft-hfi.js";
import { decodeSecurityProfile, SECURITY_BYTES } from "./nbft-security.js";
import { NBFT_STRUCTURE, twoBits } from "./nbft-structures.js";
import { decodeSubsystem, SUBSYSTEM_BYTES } from "./nbft-subsystem.js";
import { decodeLatin1 } from "./text.js";

/** A table that claims more bytes than this is refused: real tables have a few thousand. */
export const NBFT_BYTES_MAX = 1 << 20;

const HEADER_BYTES = 64;
const CONTROL_BYTES = 64;
const HOST_BYTES = 32;
const HOST_ID_BYTES = 16;

const SIGNATURE = "NBFT";
const MAJOR_REVISION = 1;

/** The version of every structure in revisions 1.0 and 1.1. */
const STRUCTURE_VERSION = 1;

const HEADER = { length: 4, majorRevision: 8, heapOffset: 36, heapLength: 40, minorRevision: 50 } as const;

const CONTROL = {
  structure: 0,
  majorRevision: 1,
  length: 4,
  flags: 6,
  host: 8,
  hostLength: 12,
  hostVersion: 14,
} as const;
const CONTROL_VALID = 1 << 0;

const HOST = { structure: 0, flags: 1, id: 2, nqn: 18 } as const;
const HOST_VALID = 1 << 0;
const HOST_ID_CONFIGURED = 1 << 1;
const HOST_NQN_CONFIGURED = 1 << 2;
const HOST_PRIMARY_SHIFT = 3;

const PRIMARIES = ["not-indicated", "unselected", "selected", "reserved"] as const satisfies NbftPrimary[];

/** The control descriptor's fields for each list: offset, length of a descriptor, version, count. */
const LISTS: Readonly<Record<NbftList, { readonly field: number; readonly bytesMin: number }>> = {
  HFI: { field: 16, bytesMin: HFI_BYTES },
  subsystem: { field: 24, bytesMin: SUBSYSTEM_BYTES },
  security: { field: 32, bytesMin: SECURITY_BYTES },
  discovery: { field: 40, bytesMin: DISCOVERY_BYTES },
};

/** The consecutive descriptors of a list. */
interface Listed extends Extent {
  readonly list: NbftList;
  /** Bytes from one descriptor to the next. */
  readonly stride: number;
}

/** A part of the table that no other part may overlap. */
interface Region extends Extent {
  readonly name: string;
}

/**
 * Decodes a table and ignores bytes after its stated length. Unknown flags and minor revisions are tolerated, as the
 * specification requires.
 *
 * Throws DecodeError if the table as a whole is not consistent: length, checksum, signature, revision, a missing control
 * or host descriptor, a list or heap outside the table or overlapping another part. A descriptor that cannot be read goes
 * to `faults`; the others stay usable, because a machine may have to boot from them.
 */
export function decodeNbft(bytes: Uint8Array): NbftTable {
  const table = bytes.subarray(0, tableLength(bytes));
  const header = new NbftDescriptor({ bytes: table, heap: { start: 0, end: 0 } }, "header", {
    start: 0,
    end: HEADER_BYTES,
  });
  if (header.u8(HEADER.majorRevision) !== MAJOR_REVISION) {
    header.fail(`its major revision ${String(header.u8(HEADER.majorRevision))} is unknown`);
  }
  const heap = extentOf(header.u32(HEADER.heapOffset), header.u32(HEADER.heapLength));
  if (heap.end > table.length) throw new DecodeError("NBFT heap", "it lies outside the table");
  const space: NbftSpace = { bytes: table, heap };

  const control = decodeControl(space);
  const hostPlace = extentOf(control.u32(CONTROL.host), control.u16(CONTROL.hostLength));
  const lists = {
    HFI: listOf(control, "HFI"),
    subsystem: listOf(control, "subsystem"),
    security: listOf(control, "security"),
    discovery: listOf(control, "discovery"),
  };
  const host = new NbftDescriptor(space, "host descriptor", hostPlace);
  const regions: Region[] = [
    { name: "header", start: 0, end: HEADER_BYTES + CONTROL_BYTES },
    { name: "host descriptor", ...hostPlace },
    { name: "heap", ...heap },
  ];
  for (const listed of Object.values(lists)) {
    if (listed.end > table.length) throw new DecodeError(`NBFT ${listed.list} list`, "it lies outside the table");
    regions.push({ name: `${listed.list} list`, start: listed.start, end: listed.end });
  }
  checkApart(regions);

  const faults: NbftFault[] = [];
  return {
    minorRevision: header.u8(HEADER.minorRevision),
    host: decodeHost(host),
    hfis: decodeList(space, lists.HFI, decodeHfi, faults),
    securityProfiles: decodeList(space, lists.security, decodeSecurityProfile, faults),
    discoveryControllers: decodeList(space, lists.discovery, decodeDiscoveryController, faults),
    subsystems: decodeList(space, lists.subsystem, decodeSubsystem, faults),
    faults,
  };
}

/** The length that the header states, once length, signature and checksum are right. */
function tableLength(bytes: Uint8Array): number {
  const fail = (problem: string): never => {
    throw new DecodeError("NBFT header", problem);
  };
  if (bytes.length < HEADER_BYTES + CONTROL_BYTES) fail("the table is cut short");
  if (decodeLatin1(bytes.subarray(0, SIGNATURE.length)) !== SIGNATURE) fail("the signature is not NBFT");
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(HEADER.length, true);
  if (length < HEADER_BYTES + CONTROL_BYTES) fail("its length leaves no room for a control descriptor");
  if (length > NBFT_BYTES_MAX) fail(`it claims more than ${String(NBFT_BYTES_MAX)} bytes`);
  if (length > bytes.length) fail("it claims more bytes than the table has");
  let sum = 0;
  for (let at = 0; at < length; at++) sum = (sum + (bytes[at] ?? 0)) & 0xff;
  if (sum !== 0) fail("the checksum is wrong");
  return length;
}

function extentOf(start: number, length: number): Extent {
  return { start, end: start + length };
}

function decodeControl(space: NbftSpace): NbftDescriptor {
  const control = new NbftDescriptor(space, "control descriptor", extentOf(HEADER_BYTES, CONTROL_BYTES));
  if (control.u8(CONTROL.structure) !== NBFT_STRUCTURE.control) control.fail("it has the wrong structure ID");
  if ((control.u8(CONTROL.flags) & CONTROL_VALID) === 0) control.fail("it is not marked as valid");
  const revision = control.u8(CONTROL.majorRevision);
  if (revision !== MAJOR_REVISION) control.fail(`its major revision ${String(revision)} is unknown`);
  if (control.u16(CONTROL.length) < CONTROL_BYTES) control.fail("its length is too short");
  if (control.u8(CONTROL.hostVersion) !== STRUCTURE_VERSION) {
    control.fail(`version ${String(control.u8(CONTROL.hostVersion))} of the host descriptor is unknown`);
  }
  if (control.u16(CONTROL.hostLength) < HOST_BYTES) control.fail("its host descriptor is too short");
  return control;
}

/** The position of a list. The other fields of an empty list are ignored. */
function listOf(control: NbftDescriptor, list: NbftList): Listed {
  const { field, bytesMin } = LISTS[list];
  const start = control.u32(field);
  const stride = control.u16(field + 4);
  const version = control.u8(field + 6);
  const count = control.u8(field + 7);
  if (count === 0) return { list, start: 0, end: 0, stride: bytesMin };
  if (version !== STRUCTURE_VERSION) control.fail(`version ${String(version)} of its ${list} list is unknown`);
  if (stride < bytesMin) control.fail(`the descriptors in its ${list} list are too short`);
  return { list, ...extentOf(start, stride * count), stride };
}

/** Throws DecodeError if two regions overlap. An empty region overlaps nothing. */
function checkApart(regions: readonly Region[]): void {
  const inOrder = regions.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  let last: Region | undefined;
  for (const region of inOrder) {
    if (last !== undefined && region.start < last.end) {
      throw new DecodeError("NBFT", `its ${last.name} and its ${region.name} overlap`);
    }
    last = region;
  }
}

function decodeHost(host: NbftDescriptor): NbftHost {
  if (host.u8(HOST.structure) !== NBFT_STRUCTURE.host) host.fail("it has the wrong structure ID");
  const flags = host.u8(HOST.flags);
  if ((flags & HOST_VALID) === 0) host.fail("it is not marked as valid");
  const nqn = host.text(HOST.nqn, "NQN", NQN_BYTES_MAX);
  if (nqn === "") host.fail("it has no NQN");
  const id = host.bytes(HOST.id, HOST_ID_BYTES);
  return {
    nqn,
    nqnConfigured: (flags & HOST_NQN_CONFIGURED) !== 0,
    id: id.every((byte) => byte === 0) ? "" : uuidText(id),
    idConfigured: (flags & HOST_ID_CONFIGURED) !== 0,
    primary: PRIMARIES[twoBits(flags, HOST_PRIMARY_SHIFT)],
  };
}

/** At most 255 descriptors: their count has one byte. Those that cannot be read go to `faults`. */
function decodeList<T>(
  space: NbftSpace,
  { list, start, end, stride }: Listed,
  decode: (descriptor: NbftDescriptor) => T | undefined,
  faults: NbftFault[],
): readonly T[] {
  const values: T[] = [];
  for (let at = start; at < end; at += stride) {
    try {
      const value = decode(new NbftDescriptor(space, `${list} descriptor`, extentOf(at, stride)));
      if (value !== undefined) values.push(value);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const position = (at - start) / stride + 1;
      faults.push({ list, position, problem: `${error.what}: ${error.problem}` });
    }
  }
  return values;
}
