/**
 * The part of an extended entry after its first 1024 bytes (NVMe Base 2.1, figures 295 and 499; TP8010): the total
 * length, then consecutive attributes. Log pages and registrations share it.
 */
import { DISCOVERY_RECORD_BYTES } from "../domain/discovery-log.js";
import { DecodeError, EncodeError } from "./error.js";
import { encodeUtf8 } from "./text.js";

/** EXATTYPE: a 16-byte host identifier, and a symbolic name. */
export const ATTRIBUTE = { hostId: 1, symname: 2 } as const;

/** An extended attribute. `value` is as long as EXATLEN says: a multiple of 4, at least 4. */
export interface ExtendedAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** An extended entry without attributes: TEL, NUMEXAT and two reserved bytes follow the basic entry. */
export const EXTENDED_ENTRY_BYTES_MIN = DISCOVERY_RECORD_BYTES + 8;
/** A longer entry is refused: the defined attributes need less than 600 bytes. */
export const EXTENDED_ENTRY_BYTES_MAX = 8 * DISCOVERY_RECORD_BYTES;

const WHAT = "extended entry";

const TEL_OFFSET = 1024;
const NUMEXAT_OFFSET = 1028;
const ATTRIBUTE_HEADER_BYTES = 4;
/** TEL and EXATLEN are multiples of this. */
const UNIT_BYTES = 4;

const SPACE = 0x20;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A text as an attribute holds it: UTF-8, padded with spaces to a multiple of 4 bytes. */
export function paddedText(text: string): Uint8Array {
  const encoded = encodeUtf8(text);
  const bytes = new Uint8Array(Math.ceil(encoded.length / UNIT_BYTES) * UNIT_BYTES).fill(SPACE);
  bytes.set(encoded);
  return bytes;
}

/**
 * Length of the extended entry at `offset`, in bytes; `undefined` if `bytes` ends before TEL or before the entry does.
 * Throws DecodeError if TEL is not a valid length.
 */
export function extendedLengthAt(bytes: Uint8Array, offset: number): number | undefined {
  if (offset + EXTENDED_ENTRY_BYTES_MIN > bytes.length) return undefined;
  const length = viewOf(bytes).getUint32(offset + TEL_OFFSET, true);
  if (length < EXTENDED_ENTRY_BYTES_MIN || length % UNIT_BYTES !== 0)
    throw new DecodeError(WHAT, "its length is not valid");
  if (length > EXTENDED_ENTRY_BYTES_MAX) throw new DecodeError(WHAT, "it claims to be longer than any entry can be");
  return offset + length > bytes.length ? undefined : length;
}

/** The attributes of one entry; `entry` holds nothing else. Throws DecodeError unless they fill it exactly. */
export function decodeAttributes(entry: Uint8Array): ExtendedAttribute[] {
  const view = viewOf(entry);
  const attributes: ExtendedAttribute[] = [];
  let at = EXTENDED_ENTRY_BYTES_MIN;
  for (let left = view.getUint16(NUMEXAT_OFFSET, true); left > 0; left--) {
    if (at + ATTRIBUTE_HEADER_BYTES > entry.length) throw new DecodeError(WHAT, "an attribute runs past its end");
    const length = view.getUint16(at + 2, true);
    if (length === 0 || length % UNIT_BYTES !== 0) throw new DecodeError(WHAT, "an attribute's length is not valid");
    const start = at + ATTRIBUTE_HEADER_BYTES;
    if (start + length > entry.length) throw new DecodeError(WHAT, "an attribute runs past its end");
    attributes.push({ type: view.getUint16(at, true), value: entry.slice(start, start + length) });
    at = start + length;
  }
  if (at !== entry.length) throw new DecodeError(WHAT, "it is longer than its attributes");
  return attributes;
}

/** Extends a basic entry of 1024 bytes. Throws EncodeError if the entry cannot hold the attributes. */
export function extendEntry(basic: Uint8Array, attributes: readonly ExtendedAttribute[]): Uint8Array {
  if (basic.length !== DISCOVERY_RECORD_BYTES) throw new EncodeError(WHAT, "the entry is not 1024 bytes long");
  const length = attributes.reduce(
    (sum, { value }) => sum + ATTRIBUTE_HEADER_BYTES + value.length,
    EXTENDED_ENTRY_BYTES_MIN,
  );
  if (length > EXTENDED_ENTRY_BYTES_MAX) throw new EncodeError(WHAT, "the attributes are too long");
  const bytes = new Uint8Array(length);
  bytes.set(basic);
  const view = viewOf(bytes);
  view.setUint32(TEL_OFFSET, length, true);
  view.setUint16(NUMEXAT_OFFSET, attributes.length, true);
  let at = EXTENDED_ENTRY_BYTES_MIN;
  for (const { type, value } of attributes) {
    if (value.length === 0 || value.length % UNIT_BYTES !== 0)
      throw new EncodeError(WHAT, "an attribute's length is not a multiple of 4");
    if (!Number.isInteger(type) || type < 0 || type > 0xffff)
      throw new EncodeError(WHAT, "an attribute's type is not a 16-bit number");
    view.setUint16(at, type, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + ATTRIBUTE_HEADER_BYTES);
    at += ATTRIBUTE_HEADER_BYTES + value.length;
  }
  return bytes;
}
