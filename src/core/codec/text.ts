/** Bytes to text and back, independent of the runtime. */
import { utf8Length } from "../domain/utf8.js";
import { DecodeError, EncodeError } from "./error.js";

/** Characters per call: the argument list must fit the engine's stack. */
const CHUNK_CHARACTERS = 4096;

const REPLACEMENT = 0xfffd;

/** Applies `String.fromCharCode` to the bytes directly: spreading them takes six times as long. */
const apply: (call: (...codes: number[]) => string, self: undefined, codes: Uint8Array) => string = Reflect.apply;

/** One character per byte (ISO 8859-1). Lossless for all bytes. */
export function decodeLatin1(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK_CHARACTERS) return apply(String.fromCharCode, undefined, bytes);
  let text = "";
  for (let start = 0; start < bytes.length; start += CHUNK_CHARACTERS) {
    text += apply(String.fromCharCode, undefined, bytes.subarray(start, start + CHUNK_CHARACTERS));
  }
  return text;
}

/** One byte per character. Throws EncodeError for a character beyond U+00FF. */
export function encodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new EncodeError("text", "a character does not fit one byte");
    bytes[i] = code;
  }
  return bytes;
}

/** Encodes UTF-8. A lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  let at = 0;
  for (const character of text) {
    let code = character.codePointAt(0) ?? REPLACEMENT;
    if (code >= 0xd800 && code <= 0xdfff) code = REPLACEMENT;
    if (code < 0x80) {
      bytes[at++] = code;
      continue;
    }
    if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
    } else if (code < 0x10000) {
      bytes[at++] = 0xe0 | (code >> 12);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
    } else {
      bytes[at++] = 0xf0 | (code >> 18);
      bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[at++] = 0x80 | (code & 0x3f);
  }
  return bytes;
}

/** Decodes UTF-8. Each maximal invalid part becomes one U+FFFD, as in browsers and Node. Keeps a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string {
  let ascii = 0;
  while (ascii < bytes.length && (bytes[ascii] ?? 0) < 0x80) ascii++;
  const head = decodeLatin1(ascii === bytes.length ? bytes : bytes.subarray(0, ascii));
  return ascii === bytes.length ? head : head + decodeMultibyte(bytes, ascii);
}

function decodeMultibyte(bytes: Uint8Array, start: number): string {
  const parts: string[] = [];
  let at = start;
  while (at < bytes.length) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) {
      parts.push(String.fromCharCode(lead));
      at++;
      continue;
    }
    const [code, taken] = decodeSequence(bytes, at, lead);
    parts.push(String.fromCodePoint(code));
    at += taken;
  }
  return parts.join("");
}

/** One sequence that starts with `lead` (>= 0x80): its code point, and the number of bytes it takes (>= 1). */
function decodeSequence(bytes: Uint8Array, at: number, lead: number): readonly [code: number, taken: number] {
  const more =
    lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
  if (more === 0) return [REPLACEMENT, 1];
  let code = more === 1 ? lead & 0x1f : more === 2 ? lead & 0x0f : lead & 0x07;
  for (let i = 1; i <= more; i++) {
    const byte = bytes[at + i] ?? 0;
    // The second byte excludes overlong forms, surrogates and code points beyond U+10FFFF.
    const low = i > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = i > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return [REPLACEMENT, i];
    code = (code << 6) | (byte & 0x3f);
  }
  return [code, more + 1];
}

const HEX_DIGITS = "0123456789abcdef";

/** Lower case, two digits per byte. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX_DIGITS.charAt(byte >> 4) + HEX_DIGITS.charAt(byte & 0x0f);
  return text;
}

/** Two digits per byte, in either case, without separators. Throws DecodeError otherwise. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new DecodeError("hex", "it has an odd number of digits");
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (hexDigit(text.charCodeAt(2 * i)) << 4) | hexDigit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  if (lower >= 0x61 && lower <= 0x66) return lower - 0x61 + 10;
  throw new DecodeError("hex", "a character is not a hexadecimal digit");
}

/** A field at a fixed position in a record. */
export interface TextField {
  /** The name in errors: `subnqn`. */
  readonly name: string;
  /** In bytes from the start of the record. */
  readonly offset: number;
  /** In bytes. */
  readonly length: number;
}

/** What fills a field after its text. */
export type Padding = "nul" | "space";

const SPACE = 0x20;

/**
 * The text of a padded field, up to its first NUL, without spaces at either end. The field must lie within `bytes`.
 * Some targets pad with NULs, some with spaces, some with both.
 */
export function readTextField(bytes: Uint8Array, field: TextField, base = 0): string {
  let start = base + field.offset;
  const limit = start + field.length;
  let end = start;
  while (end < limit && (bytes[end] ?? 0) !== 0) end++;
  while (end > start && bytes[end - 1] === SPACE) end--;
  while (start < end && bytes[start] === SPACE) start++;
  return start === end ? "" : decodeUtf8(bytes.subarray(start, end));
}

/** Writes a padded field. Throws EncodeError if the text is longer than the field. */
export function writeTextField(bytes: Uint8Array, field: TextField, text: string, padding: Padding): void {
  const encoded = encodeUtf8(text);
  if (encoded.length > field.length) throw new EncodeError(field.name, "the text is longer than its field");
  bytes.fill(padding === "nul" ? 0 : SPACE, field.offset, field.offset + field.length);
  bytes.set(encoded, field.offset);
}
