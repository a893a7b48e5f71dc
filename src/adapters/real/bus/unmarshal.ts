/**
 * Bytes as messages, with dbus-next's reader.
 *
 * Loaded alone it takes 1.1 MiB of resident memory, the whole of dbus-next 2.7 MiB. Its own parser of the stream is not used for
 * a graver reason: it throws out of a stream's event, so that any user of the bus could end the daemon with one small message (a
 * body of signature `h` without a descriptor passes dbus-daemon 1.14). So here a body is read only where its signature is the
 * expected one, and what the reader throws is caught.
 */
import { createRequire } from "node:module";
import { parseSignature, type BasicCode, type WireType } from "./signature.js";
import { FIELDS, FIXED_BYTES, WireError, type Header, type Message, type WireValue } from "./wire.js";

/** dbus-next's reader of marshalled bytes. Its reading methods throw what they like. */
interface DBusBuffer {
  /** May lie beyond the end: reading text does not look. */
  readonly pos: number;
  /** To a multiple of 2 to the power. */
  align(power: number): void;
  /** `undefined` beyond the end. */
  readInt8(): number | undefined;
  /** Of a type without others in it. */
  readSimpleType(type: string): unknown;
  /** Dictionaries as pairs. */
  read(signature: string): readonly unknown[];
}

/** Alignment counts from `start` before the first byte. */
type DBusBufferConstructor = new (
  bytes: Buffer,
  start: number,
  endian: number,
  descriptors: null,
  options: { readonly ayBuffer: true },
) => DBusBuffer;

// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the package has types for its main module alone
const DBusBuffer = createRequire(import.meta.url)("dbus-next/lib/dbus-buffer.js") as DBusBufferConstructor;

/** The type of each header field, by its code. */
const FIELD_TYPES: ReadonlyMap<number, string> = new Map(Object.values(FIELDS));
/** Types that header fields may have, those included that a later version of the protocol may bring. */
const SIMPLE_FIELD_TYPES: readonly string[] = ["o", "s", "g", "u"];

/** What stands before the header fields. */
export interface Start {
  readonly endian: number;
  readonly type: number;
  readonly flags: number;
  readonly serial: number;
  /** Without the padding behind them. */
  readonly fieldsLength: number;
  readonly bodyLength: number;
}

/** Reads the fields of a header. Throws WireError. */
export function readHeader({ endian, type, flags, serial, fieldsLength }: Start, fields: Buffer): Header {
  const found = guarded(() => readFields(fields, endian, fieldsLength));
  const text = (code: number): string | undefined => {
    const value = found.get(code);
    return typeof value === "string" ? value : undefined;
  };
  const replySerial = found.get(FIELDS.replySerial[0]);
  return {
    type,
    flags,
    serial,
    path: text(FIELDS.path[0]),
    interface: text(FIELDS.interface[0]),
    member: text(FIELDS.member[0]),
    errorName: text(FIELDS.errorName[0]),
    replySerial: typeof replySerial === "number" ? replySerial : undefined,
    destination: text(FIELDS.destination[0]),
    sender: text(FIELDS.sender[0]),
    signature: text(FIELDS.signature[0]) ?? "",
  };
}

function readFields(bytes: Buffer, endian: number, length: number): ReadonlyMap<number, unknown> {
  const found = new Map<number, unknown>();
  const reader = new DBusBuffer(bytes, FIXED_BYTES, endian, null, { ayBuffer: true });
  while (reader.pos < length) {
    reader.align(3);
    const code = reader.readInt8();
    const type = reader.readSimpleType("g");
    if (code === undefined || typeof type !== "string" || !SIMPLE_FIELD_TYPES.includes(type))
      throw new WireError("a header field has a type that is not known");
    const expected = FIELD_TYPES.get(code);
    if (expected !== undefined && expected !== type) throw new WireError("a header field has the wrong type");
    const value = reader.readSimpleType(type);
    if (reader.pos > length) throw new WireError("a header field runs over its end");
    if (expected !== undefined) found.set(code, value);
  }
  return found;
}

/** Reads a body that must have this signature. Throws WireError. */
export function readBody(message: Message, signature: string): readonly WireValue[] {
  const { body, endian } = message;
  if (message.signature !== signature) throw new WireError("a body has another signature than expected");
  const types = parseSignature(signature);
  const raw = guarded(() => {
    const reader = new DBusBuffer(body, 0, endian, null, { ayBuffer: true });
    const values = reader.read(signature);
    if (reader.pos !== body.length) throw new WireError("a body is longer or shorter than its values");
    return values;
  });
  return types.map((type, index) => fromRaw(type, raw[index]));
}

/** Whatever the reader throws means that the bytes are not what they say. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof WireError ? error : new WireError("bytes end before their values do");
  }
}

function fromRaw(type: WireType, raw: unknown): WireValue {
  switch (type.kind) {
    case "basic":
      return basicFromRaw(type.code, raw);
    case "variant":
      throw new WireError("variants are not read");
    case "array":
      return list(raw).map((one) => fromRaw(type.of, one));
    case "dictionary":
      return Object.fromEntries(list(raw).map((pair) => entryFromRaw(type.of, pair)));
  }
}

const NUMBERS: readonly BasicCode[] = ["y", "q", "u", "i"];

function basicFromRaw(code: BasicCode, raw: unknown): WireValue {
  const fits = code === "b" ? "boolean" : NUMBERS.includes(code) ? "number" : "string";
  if ((typeof raw === "boolean" || typeof raw === "number" || typeof raw === "string") && typeof raw === fits)
    return raw;
  throw new WireError("a value is not what its signature says");
}

function entryFromRaw(type: WireType, pair: unknown): readonly [string, WireValue] {
  const [key, value] = list(pair);
  if (typeof key !== "string") throw new WireError("a key is no text");
  return [key, fromRaw(type, value)];
}

/** An array of bytes comes as a Buffer. */
function list(raw: unknown): readonly unknown[] {
  if (raw instanceof Uint8Array) return [...raw];
  if (!Array.isArray(raw)) throw new WireError("a value is no array");
  return raw;
}
