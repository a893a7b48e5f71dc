/** The discovery log page, LID 0x70 (NVMe-oF 1.1, 5.3; TP8010): a header and entries, each 1024 bytes long. */
import { DISCOVERY_RECORD_BYTES } from "../domain/discovery-log.js";
import type { DiscoveryLogEntry, EntrySubtype } from "../domain/discovery-log.js";
import type { Transport } from "../domain/transport-id.js";
import { DecodeError, EncodeError } from "./error.js";
import { decodeAttributes, extendedLengthAt, type ExtendedAttribute } from "./extended-entry.js";
import { fromHex, readTextField, toHex, writeTextField } from "./text.js";
import type { Padding, TextField } from "./text.js";

export interface DiscoveryHeader {
  /** Generation counter, 64 bits, as a decimal string: it is only compared for equality, and state must be JSON. */
  readonly genctr: string;
  /** How many entries follow. */
  readonly numrec: number;
  /** Record format; 0 is the only one defined. */
  readonly recfmt: number;
  /** DLPF, bit 0: extended entries follow. A controller that does not support them reports 0. */
  readonly extended: boolean;
  /** TDLPL: length of header and entries, in bytes; 0 if the controller does not report it. */
  readonly totalBytes: number;
}

/** A header that claims more records than this is refused: they would be 64 MiB of entries. */
export const DISCOVERY_RECORDS_MAX = 65_536;

/** The header's mandatory fields fit this many bytes, so a short read is enough (6.12-cloud.s1.log: `{"len":20}`). */
export const DISCOVERY_HEADER_BYTES_MIN = 18;

const DLPF_OFFSET = 18;
const DLPF_EXTENDED = 1;
const TDLPL_OFFSET = 20;
/** A header of this many bytes holds both. */
const FULL_HEADER_BYTES = 24;

const HEADER = "discovery log header";
const ENTRY = "discovery log entry";

const U64_MAX = 0xffff_ffff_ffff_ffffn;

const TRSVCID: TextField = { name: "trsvcid", offset: 32, length: 32 };
const SUBNQN: TextField = { name: "subnqn", offset: 256, length: 256 };
const TRADDR: TextField = { name: "traddr", offset: 512, length: 256 };
const TSAS_OFFSET = 768;
const TSAS_BYTES = 256;

const TRTYPES: Readonly<Record<Transport, number>> = { rdma: 1, fc: 2, tcp: 3, loop: 254 };

const SUBTYPES = { referral: 1, nvme: 2, "current-discovery": 3 } as const;

function transportOf(trtype: number): Transport | number {
  switch (trtype) {
    case TRTYPES.rdma:
      return "rdma";
    case TRTYPES.fc:
      return "fc";
    case TRTYPES.tcp:
      return "tcp";
    case TRTYPES.loop:
      return "loop";
    default:
      return trtype;
  }
}

function subtypeOf(subtype: number): EntrySubtype {
  switch (subtype) {
    case SUBTYPES.referral:
      return "referral";
    case SUBTYPES.nvme:
      return "nvme";
    case SUBTYPES["current-discovery"]:
      return "current-discovery";
    default:
      return subtype;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Decodes the header from the first bytes of the page (at least `DISCOVERY_HEADER_BYTES_MIN`). Throws DecodeError if
 * there are fewer, or if it claims more than `DISCOVERY_RECORDS_MAX` records.
 */
export function decodeDiscoveryHeader(bytes: Uint8Array): DiscoveryHeader {
  if (bytes.length < DISCOVERY_HEADER_BYTES_MIN) throw new DecodeError(HEADER, "it is cut short");
  const view = viewOf(bytes);
  if (view.getUint32(12, true) !== 0 || view.getUint32(8, true) > DISCOVERY_RECORDS_MAX) {
    throw new DecodeError(HEADER, `it claims more than ${String(DISCOVERY_RECORDS_MAX)} records`);
  }
  return {
    genctr: String(view.getBigUint64(0, true)),
    numrec: view.getUint32(8, true),
    recfmt: view.getUint16(16, true),
    extended: bytes.length >= FULL_HEADER_BYTES && (view.getUint8(DLPF_OFFSET) & DLPF_EXTENDED) !== 0,
    totalBytes: bytes.length >= FULL_HEADER_BYTES ? view.getUint32(TDLPL_OFFSET, true) : 0,
  };
}

/** A header to encode. `extended` and `totalBytes` may be left out, as an older controller does. */
export type DiscoveryHeaderFields = Omit<DiscoveryHeader, "extended" | "totalBytes"> & Partial<DiscoveryHeader>;

/** The header's 1024 bytes. `numrec` may be false: any number up to 2^53. Throws EncodeError for invalid numbers. */
export function encodeDiscoveryHeader(header: DiscoveryHeaderFields): Uint8Array {
  if (!/^[0-9]{1,20}$/.test(header.genctr) || BigInt(header.genctr) > U64_MAX) {
    throw new EncodeError(HEADER, "genctr is not a 64-bit number");
  }
  if (!Number.isSafeInteger(header.numrec) || header.numrec < 0)
    throw new EncodeError(HEADER, "numrec is not a whole number");
  const bytes = new Uint8Array(DISCOVERY_RECORD_BYTES);
  const view = viewOf(bytes);
  view.setBigUint64(0, BigInt(header.genctr), true);
  view.setBigUint64(8, BigInt(header.numrec), true);
  view.setUint16(16, unsigned(header.recfmt, 16, "recfmt"), true);
  const { extended = false, totalBytes = 0 } = header;
  if (!Number.isInteger(totalBytes) || totalBytes < 0 || totalBytes > 0xffff_ffff)
    throw new EncodeError(HEADER, "TDLPL is not a 32-bit length");
  view.setUint8(DLPF_OFFSET, extended ? DLPF_EXTENDED : 0);
  view.setUint32(TDLPL_OFFSET, totalBytes, true);
  return bytes;
}

/** Decodes consecutive entries, without the header. Throws DecodeError unless the length is a multiple of 1024 bytes. */
export function decodeDiscoveryEntries(bytes: Uint8Array): DiscoveryLogEntry[] {
  if (bytes.length % DISCOVERY_RECORD_BYTES !== 0) {
    throw new DecodeError("discovery log", "the length of its entries is not a multiple of 1024 bytes");
  }
  const entries: DiscoveryLogEntry[] = [];
  for (let offset = 0; offset < bytes.length; offset += DISCOVERY_RECORD_BYTES) {
    entries.push(decodeDiscoveryEntry(bytes, offset));
  }
  return entries;
}

/** An entry with its extended attributes. */
export interface ExtendedDiscoveryEntry {
  readonly entry: DiscoveryLogEntry;
  readonly attributes: readonly ExtendedAttribute[];
}

/**
 * Decodes the complete extended entries at the start of `bytes`, at most `max`. The next entry starts at offset `length`.
 * Throws DecodeError if a length is not valid, or if attributes do not fill their entry exactly.
 */
export function decodeExtendedEntries(
  bytes: Uint8Array,
  max: number,
): { readonly entries: readonly ExtendedDiscoveryEntry[]; readonly length: number } {
  const entries: ExtendedDiscoveryEntry[] = [];
  let at = 0;
  while (entries.length < max) {
    const length = extendedLengthAt(bytes, at);
    if (length === undefined) break;
    entries.push({
      entry: decodeDiscoveryEntry(bytes, at),
      attributes: decodeAttributes(bytes.subarray(at, at + length)),
    });
    at += length;
  }
  return { entries, length: at };
}

/** Decodes the entry at `offset` (in bytes). Throws DecodeError unless 1024 bytes follow. */
export function decodeDiscoveryEntry(bytes: Uint8Array, offset: number): DiscoveryLogEntry {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + DISCOVERY_RECORD_BYTES > bytes.length) {
    throw new DecodeError(ENTRY, "it is cut short");
  }
  const view = viewOf(bytes);
  return {
    trtype: transportOf(view.getUint8(offset)),
    adrfam: view.getUint8(offset + 1),
    subtype: subtypeOf(view.getUint8(offset + 2)),
    treq: view.getUint8(offset + 3),
    portid: view.getUint16(offset + 4, true),
    cntlid: view.getUint16(offset + 6, true),
    asqsz: view.getUint16(offset + 8, true),
    eflags: view.getUint16(offset + 10, true),
    trsvcid: readTextField(bytes, TRSVCID, offset),
    subnqn: readTextField(bytes, SUBNQN, offset),
    traddr: readTextField(bytes, TRADDR, offset),
    tsas: readTsas(bytes, offset + TSAS_OFFSET),
  };
}

function readTsas(bytes: Uint8Array, start: number): string {
  let end = start + TSAS_BYTES;
  while (end > start && bytes[end - 1] === 0) end--;
  return end === start ? "" : toHex(bytes.subarray(start, end));
}

function unsigned(value: number, bits: 8 | 16, name: string): number {
  if (!Number.isInteger(value) || value < 0 || value >= 1 << bits) {
    throw new EncodeError(name, `it is not a ${String(bits)}-bit number`);
  }
  return value;
}

/** The entry's 1024 bytes. Throws EncodeError if a value does not fit its field. */
export function encodeDiscoveryEntry(entry: DiscoveryLogEntry, padding: Padding): Uint8Array {
  const bytes = new Uint8Array(DISCOVERY_RECORD_BYTES);
  const view = viewOf(bytes);
  const trtype = typeof entry.trtype === "number" ? entry.trtype : TRTYPES[entry.trtype];
  const subtype = typeof entry.subtype === "number" ? entry.subtype : SUBTYPES[entry.subtype];
  view.setUint8(0, unsigned(trtype, 8, "trtype"));
  view.setUint8(1, unsigned(entry.adrfam, 8, "adrfam"));
  view.setUint8(2, unsigned(subtype, 8, "subtype"));
  view.setUint8(3, unsigned(entry.treq, 8, "treq"));
  view.setUint16(4, unsigned(entry.portid, 16, "portid"), true);
  view.setUint16(6, unsigned(entry.cntlid, 16, "cntlid"), true);
  view.setUint16(8, unsigned(entry.asqsz, 16, "asqsz"), true);
  view.setUint16(10, unsigned(entry.eflags, 16, "eflags"), true);
  writeTextField(bytes, TRSVCID, entry.trsvcid, padding);
  writeTextField(bytes, SUBNQN, entry.subnqn, padding);
  writeTextField(bytes, TRADDR, entry.traddr, padding);
  if (entry.tsas.length > TSAS_BYTES * 2) throw new EncodeError("tsas", "it is longer than its field");
  bytes.set(fromHex(entry.tsas), TSAS_OFFSET);
  return bytes;
}
