/** The entries of a discovery log page, as they follow its header: basic or extended (TP8010). */
import { ATTRIBUTE, extendEntry, paddedText } from "../../../core/codec/extended-entry.js";
import { DISCOVERY_RECORD_BYTES } from "../../../core/domain/discovery-log.js";
import type { EntrySpec } from "../spec.js";

/** The bytes after the header, and the number of entries in them. */
export interface EntryList {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly extended: boolean;
}

/** Extends an entry. A subsystem's id is its symbolic name, so that entries have different lengths. */
export function extendSpec(basic: Uint8Array, spec: EntrySpec | undefined): Uint8Array {
  const attributes = spec?.kind === "subsystem" ? [{ type: ATTRIBUTE.symname, value: paddedText(spec.id) }] : [];
  const bytes = extendEntry(basic, attributes);
  const claimed = spec?.kind === "raw" ? spec.fields.tel : undefined;
  if (claimed !== undefined) new DataView(bytes.buffer).setUint32(DISCOVERY_RECORD_BYTES, claimed, true);
  return bytes;
}

/** Concatenates all parts. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
