/** State files: checked JSON, and bytes inside it as base64. */
import { DecodeError } from "./error.js";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** The longest text parsed, in characters. */
export const JSON_CHARACTERS_MAX = 256 * 1024 * 1024;

/** The engine's parser returns only JSON values, so only `undefined` remains to be excluded. */
function isJson(value: unknown): value is JsonValue {
  return value !== undefined;
}

/** Parses JSON text; `undefined` if it is not JSON. */
export function parseJson(text: string): JsonValue | undefined {
  if (text.length > JSON_CHARACTERS_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    // The error's text differs between engines, so it is dropped.
    return undefined;
  }
}

/** A value inside a document, and its path (`$.controllers[2].traddr`), which errors name. */
export interface JsonCursor {
  readonly value: JsonValue;
  readonly path: string;
}

const WHAT = "state file";

function expected(cursor: JsonCursor, kind: string): DecodeError {
  return new DecodeError(WHAT, `${cursor.path} is not ${kind}`);
}

/** Parses a document. Throws DecodeError if it is not JSON. */
export function readJson(text: string): JsonCursor {
  const value = parseJson(text);
  if (value === undefined) throw new DecodeError(WHAT, "it is not JSON");
  return { value, path: "$" };
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !isArray(value);
}

/** The value of a key, or `undefined` if the object lacks it. Throws DecodeError if it is not an object. */
export function readOptional(cursor: JsonCursor, key: string): JsonCursor | undefined {
  if (!isObject(cursor.value)) throw expected(cursor, "an object");
  const value = Object.hasOwn(cursor.value, key) ? cursor.value[key] : undefined;
  return value === undefined ? undefined : { value, path: `${cursor.path}.${key}` };
}

/** The value of a key. Throws DecodeError if it is not an object or lacks the key. */
export function readField(cursor: JsonCursor, key: string): JsonCursor {
  const field = readOptional(cursor, key);
  if (field === undefined) throw new DecodeError(WHAT, `${cursor.path}.${key} is missing`);
  return field;
}

/** Every key of an object with its value, in document order. A path names the position: the keys come from the file. */
export function readEntries(cursor: JsonCursor): readonly (readonly [string, JsonCursor])[] {
  if (!isObject(cursor.value)) throw expected(cursor, "an object");
  return Object.entries(cursor.value).map(([key, value], at) => [
    key,
    { value, path: `${cursor.path}{${String(at)}}` },
  ]);
}

/** The items of an array. Throws DecodeError if it is not an array. */
export function readArray(cursor: JsonCursor): readonly JsonCursor[] {
  if (!isArray(cursor.value)) throw expected(cursor, "an array");
  return cursor.value.map((value, at) => ({ value, path: `${cursor.path}[${String(at)}]` }));
}

export function readString(cursor: JsonCursor): string {
  if (typeof cursor.value !== "string") throw expected(cursor, "a string");
  return cursor.value;
}

/** A finite number. */
export function readNumber(cursor: JsonCursor): number {
  // JSON has no infinity, but 1e999 parses as one.
  if (typeof cursor.value !== "number" || !Number.isFinite(cursor.value)) throw expected(cursor, "a number");
  return cursor.value;
}

/** A whole number within 2^53, at least `min`. */
export function readInteger(cursor: JsonCursor, min: number): number {
  const value = cursor.value;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min) {
    throw expected(cursor, `a whole number of at least ${String(min)}`);
  }
  return value;
}

export function readBoolean(cursor: JsonCursor): boolean {
  if (typeof cursor.value !== "boolean") throw expected(cursor, "a boolean");
  return cursor.value;
}

/** One of the given words. */
export function readOneOf<T extends string>(cursor: JsonCursor, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === cursor.value);
  if (word === undefined) throw expected(cursor, `one of ${words.join(", ")}`);
  return word;
}

const BASE64_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const BASE64_VALUES: ReadonlyMap<number, number> = new Map(
  Array.from(BASE64_DIGITS, (digit, value) => [digit.charCodeAt(0), value]),
);

/** Base64 with padding (RFC 4648, 4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += BASE64_DIGITS.charAt(group >> 18) + BASE64_DIGITS.charAt((group >> 12) & 63);
    text += left > 1 ? BASE64_DIGITS.charAt((group >> 6) & 63) : "=";
    text += left > 2 ? BASE64_DIGITS.charAt(group & 63) : "=";
  }
  return text;
}

/** Decodes what `encodeBase64` writes. Throws DecodeError for white space, missing padding or spare bits. */
export function decodeBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new DecodeError("base64", "its length is not a multiple of 4");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let out = 0;
  let bits = 0;
  let buffer = 0;
  for (let at = 0; at < digits; at++) {
    const value = BASE64_VALUES.get(text.charCodeAt(at));
    if (value === undefined) throw new DecodeError("base64", "a character is not a base64 digit");
    buffer = ((buffer << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[out++] = (buffer >> bits) & 0xff;
  }
  if ((buffer & ((1 << bits) - 1)) !== 0) throw new DecodeError("base64", "its spare bits are not zero");
  return bytes;
}
