/** Domain names in DNS messages (RFC 1035, 3.1 and 4.1.4). Labels are UTF-8, as in DNS-SD instances (RFC 6763, 4.1.1). */
import { DecodeError, EncodeError } from "./error.js";
import { decodeUtf8, encodeUtf8 } from "./text.js";

/** Labels from left to right, without the root. A label may hold any character, including dots. */
export type DnsName = readonly string[];

const LABEL_BYTES_MAX = 63;
/** Including the length bytes of the labels and of the root. */
const NAME_BYTES_MAX = 255;

const POINTER = 0xc0;
/** The largest offset that a pointer holds. */
const POINTER_MAX = 0x3fff;
const WHAT = "DNS name";

/** Decodes the name at `start`; `next` is the offset after it. Pointers must point backwards, so that decoding ends. */
export function decodeDnsName(message: Uint8Array, start: number): { readonly name: DnsName; readonly next: number } {
  const labels: string[] = [];
  let at = start;
  let next: number | undefined;
  let bytes = 1;
  /** Where the current run of labels started. A pointer must point before it. */
  let run = start;
  for (;;) {
    const length = message[at];
    if (length === undefined) throw new DecodeError(WHAT, "it is cut short");
    if (length === 0) return { name: labels, next: next ?? at + 1 };
    if ((length & POINTER) === POINTER) {
      const low = message[at + 1];
      if (low === undefined) throw new DecodeError(WHAT, "it is cut short");
      const target = ((length & ~POINTER) << 8) | low;
      if (target >= run) throw new DecodeError(WHAT, "a pointer does not point backwards");
      next ??= at + 2;
      run = target;
      at = target;
      continue;
    }
    if (length > LABEL_BYTES_MAX) throw new DecodeError(WHAT, "a label has an unknown type");
    bytes += 1 + length;
    if (bytes > NAME_BYTES_MAX) throw new DecodeError(WHAT, "it is too long");
    const end = at + 1 + length;
    if (end > message.length) throw new DecodeError(WHAT, "it is cut short");
    labels.push(decodeUtf8(message.subarray(at + 1, end)));
    at = end;
  }
}

/** Encodes a name without compression. Throws EncodeError if the name or a label is too long, or if a label is empty. */
export function encodeDnsName(name: DnsName): Uint8Array {
  const labels = name.map((label) => encodeUtf8(label));
  const bytes = new Uint8Array(labels.reduce((sum, label) => sum + 1 + label.length, 1));
  if (bytes.length > NAME_BYTES_MAX) throw new EncodeError(WHAT, "it is too long");
  let at = 0;
  for (const label of labels) {
    if (label.length === 0 || label.length > LABEL_BYTES_MAX)
      throw new EncodeError(WHAT, "a label is empty or too long");
    bytes[at] = label.length;
    bytes.set(label, at + 1);
    at += 1 + label.length;
  }
  return bytes;
}

/** Where in a message each name and suffix stands that a later name can point to. By the bytes of the suffix. */
export type NameOffsets = ReadonlyMap<string, number>;

/**
 * Encodes a name that starts at `at`. A suffix that the message already holds becomes a pointer to it. `added` holds the
 * offsets of the others. Throws EncodeError as `encodeDnsName` does.
 */
export function compressDnsName(
  name: DnsName,
  at: number,
  written: NameOffsets,
): { readonly bytes: Uint8Array; readonly added: NameOffsets } {
  const whole = encodeDnsName(name);
  const added = new Map<string, number>();
  let end = 0;
  for (let length = whole[0] ?? 0; length > 0; length = whole[end] ?? 0) {
    const suffix = whole.subarray(end).join();
    const target = written.get(suffix);
    if (target !== undefined)
      return { bytes: Uint8Array.from([...whole.subarray(0, end), POINTER | (target >> 8), target & 0xff]), added };
    if (at + end <= POINTER_MAX) added.set(suffix, at + end);
    end += 1 + length;
  }
  return { bytes: whole, added };
}

/** A key that is equal for equal names: ASCII letters in lower case (RFC 6762, 16), dots within labels escaped. */
export function dnsNameKey(name: DnsName): string {
  let key = "";
  for (const label of name) key += `${key === "" ? "" : "."}${PLAIN.test(label) ? label : plainLabel(label)}`;
  return key;
}

/** A label that is its own key. Nearly all are. */
const PLAIN = /^[^A-Z.\\]+$/;

function plainLabel(label: string): string {
  return label.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()).replace(/[.\\]/g, "\\$&");
}
