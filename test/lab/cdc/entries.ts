/** Encodes discovery log page entries from options and changes. */
import { encodeDiscoveryEntry } from "../../../src/core/codec/discovery-log.js";
import { fromHex } from "../../../src/core/codec/text.js";
import { DISCOVERY_RECORD_BYTES } from "../../../src/core/domain/discovery-log.js";
import type { ResolvedEntry } from "./schema.js";

/** An encoded entry. */
export interface PlacedEntry {
  /** 1024 bytes. */
  readonly basic: Uint8Array;
  /** The extended entry: with total entry length, number of attributes, and attributes (NVMe Base 2.1, figure 295). */
  extended(): Uint8Array;
  readonly portid: number;
  /** Host NQNs that see the entry; undefined: all. */
  readonly hosts: readonly string[] | undefined;
}

/** TEL, NUMEXAT, two reserved bytes. */
const TAIL_BYTES = 8;
const ATTRIBUTE_HEADER_BYTES = 4;
/** EXATLEN is a multiple of this. */
const ATTRIBUTE_UNIT_BYTES = 4;

/** Encodes an entry. Throws EncodeError if a value does not fit its field. */
export function placeEntry(entry: ResolvedEntry): PlacedEntry {
  if ("raw" in entry) {
    const bytes = fromHex(entry.raw);
    const basic = bytes.slice(0, DISCOVERY_RECORD_BYTES);
    const extended = (): Uint8Array => (bytes.length > DISCOVERY_RECORD_BYTES ? bytes : withAttributes(basic, []));
    return { basic, extended, portid: entry.portid, hosts: entry.hosts };
  }
  const { padding, hosts, attributes, adrfam, ...fields } = entry;
  const family = adrfam ?? (fields.traddr.includes(":") ? 2 : 1);
  const basic = encodeDiscoveryEntry({ ...fields, adrfam: family }, padding);
  return { basic, extended: () => withAttributes(basic, attributes), portid: entry.portid, hosts };
}

function withAttributes(
  basic: Uint8Array,
  attributes: readonly { readonly type: number; readonly value: string }[],
): Uint8Array {
  const encoded = attributes.map(({ type, value }) => attribute(type, fromHex(value)));
  const length = basic.length + TAIL_BYTES + encoded.reduce((sum, one) => sum + one.length, 0);
  const tail = Buffer.alloc(TAIL_BYTES);
  tail.writeUInt32LE(length, 0);
  tail.writeUInt16LE(encoded.length, 4);
  return Buffer.concat([basic, tail, ...encoded]);
}

/** An attribute, its value padded with zeros (NVMe Base 2.1, figure 499). */
function attribute(type: number, value: Uint8Array): Buffer {
  const length = Math.ceil(value.length / ATTRIBUTE_UNIT_BYTES) * ATTRIBUTE_UNIT_BYTES;
  const bytes = Buffer.alloc(ATTRIBUTE_HEADER_BYTES + length);
  bytes.writeUInt16LE(type, 0);
  bytes.writeUInt16LE(length, 2);
  bytes.set(value, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}
