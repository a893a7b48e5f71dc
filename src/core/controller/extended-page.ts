/** Extended entries in pieces (TP8010): each is as long as it says, so the next request starts where the last whole one ended. */
import type { DiscoveryHeader } from "../codec/discovery-log.js";
import { decodeExtendedEntries } from "../codec/discovery-log.js";
import { DecodeError } from "../codec/error.js";
import { EXTENDED_ENTRY_BYTES_MAX, EXTENDED_ENTRY_BYTES_MIN } from "../codec/extended-entry.js";
import { DISCOVERY_RECORD_BYTES } from "../domain/discovery-log.js";
import type { ExtendedStep, PageRead } from "../state/controller.js";

const WHAT = "extended discovery log";

/** The read of a page whose header says that its entries are extended. Throws DecodeError where they cannot be as long as it says. */
export function startExtended({ genctr, numrec, totalBytes }: DiscoveryHeader): ExtendedStep {
  const least = DISCOVERY_RECORD_BYTES + numrec * EXTENDED_ENTRY_BYTES_MIN;
  if (totalBytes !== 0 && (totalBytes < least || totalBytes % 4 !== 0))
    throw new DecodeError(WHAT, "its length is not that of its entries");
  return {
    kind: "extended-entries",
    genctr,
    records: numrec,
    entries: [],
    offset: DISCOVERY_RECORD_BYTES,
    totalBytes,
  };
}

/** How many bytes the next request asks for: room for the longest entry, but nothing behind the page. */
export function extendedReadBytes({ offset, totalBytes }: ExtendedStep): number {
  return totalBytes === 0 ? EXTENDED_ENTRY_BYTES_MAX : Math.min(EXTENDED_ENTRY_BYTES_MAX, totalBytes - offset);
}

/** Takes the bytes of a request in; what follows is the next request or the check. Throws DecodeError. */
export function takeExtended(step: ExtendedStep, bytes: Uint8Array): PageRead["step"] {
  if (bytes.length !== extendedReadBytes(step)) throw new DecodeError(WHAT, "it was cut short");
  const read = decodeExtendedEntries(bytes, step.records - step.entries.length);
  if (read.entries.length === 0) throw new DecodeError(WHAT, "an entry reaches beyond the page");
  const entries = [...step.entries, ...read.entries.map(({ entry }) => entry)];
  if (entries.length === step.records) return { kind: "check", genctr: step.genctr, entries };
  const offset = step.offset + read.length;
  if (step.totalBytes !== 0 && offset >= step.totalBytes) throw new DecodeError(WHAT, "it ends before its last entry");
  return { ...step, entries, offset };
}

/** Whether entries are basic as far as their page's length tells: a controller may return what nobody can tell from its flags. */
export function isBasic({ numrec, totalBytes }: DiscoveryHeader): boolean {
  return totalBytes === 0 || totalBytes === DISCOVERY_RECORD_BYTES * (1 + numrec);
}
