/** Reads extended entries in pieces (TP8010). Each states its length, so the next request starts after the last whole entry. */
import type { DiscoveryHeader } from "../codec/discovery-log.js";
import { decodeExtendedEntries } from "../codec/discovery-log.js";
import { DecodeError } from "../codec/error.js";
import { EXTENDED_ENTRY_BYTES_MAX, EXTENDED_ENTRY_BYTES_MIN } from "../codec/extended-entry.js";
import { DISCOVERY_RECORD_BYTES } from "../domain/discovery-log.js";
import type { ExtendedStep, PageRead } from "../state/controller.js";

const WHAT = "extended discovery log";

/** Starts to read a page whose header says that its entries are extended. Throws DecodeError if its length is impossible. */
export function startExtended({ genctr, numrec, totalBytes }: DiscoveryHeader): ExtendedStep {
  const least = DISCOVERY_RECORD_BYTES + numrec * EXTENDED_ENTRY_BYTES_MIN;
  if (totalBytes !== 0 && (totalBytes < least || totalBytes % 4 !== 0))
    throw new DecodeError(WHAT, "its length does not match its entries");
  return {
    kind: "extended-entries",
    genctr,
    records: numrec,
    entries: [],
    offset: DISCOVERY_RECORD_BYTES,
    totalBytes,
  };
}

/** The bytes that the next request asks for: room for the longest entry, but not beyond the page. */
export function extendedReadBytes({ offset, totalBytes }: ExtendedStep): number {
  return totalBytes === 0 ? EXTENDED_ENTRY_BYTES_MAX : Math.min(EXTENDED_ENTRY_BYTES_MAX, totalBytes - offset);
}

/** Decodes the bytes of a request. Returns the next step: another request, or the check. Throws DecodeError. */
export function takeExtended(step: ExtendedStep, bytes: Uint8Array): PageRead["step"] {
  if (bytes.length !== extendedReadBytes(step)) throw new DecodeError(WHAT, "it was cut short");
  const read = decodeExtendedEntries(bytes, step.records - step.entries.length);
  if (read.entries.length === 0) throw new DecodeError(WHAT, "an entry reaches beyond the page");
  const entries = [...step.entries, ...read.entries.map(({ entry }) => entry)];
  if (entries.length === step.records) return { kind: "check", genctr: step.genctr, records: step.records, entries };
  const offset = step.offset + read.length;
  if (step.totalBytes !== 0 && offset >= step.totalBytes) throw new DecodeError(WHAT, "it ends before its last entry");
  return { ...step, entries, offset };
}

/** Whether the length of a page fits basic entries. The flags of a controller may not say what it returns. */
export function isBasic({ numrec, totalBytes }: DiscoveryHeader): boolean {
  return totalBytes === 0 || totalBytes === DISCOVERY_RECORD_BYTES * (1 + numrec);
}
