/**
 * Parses messages with dbus-next's reader of marshalled bytes.
 *
 * The reader alone takes 1.1 MiB of resident memory, all of dbus-next 2.7 MiB. There is a stronger reason not to use dbus-next's
 * stream parser: it throws inside a stream event, so any user of the bus could end the daemon with one small message (a body of
 * signature `h` without a descriptor passes dbus-daemon 1.14). So this module reads a body only if it has the expected signature,
 * and catches what the reader throws.
 */
import { createRequire } from "node:module";
import { parseSignature, type BasicCode, type WireType } from "./signature.js";
import { FIELDS, FIXED_BYTES, WireError, type Header, type Message, type WireValue } from "./wire.js";

/** dbus-next's reader of marshalled bytes. Its methods may throw anything. */
interface DBusBuffer {
  /** May lie past the end: reading a string does not check. */
  readonly pos: number;
  /** Aligns to a multiple of 2 to the power of `power`. */
  align(power: number): void;
  /** `undefined` past the end. */
  readInt8(): number | undefined;
  /** Reads a value of a basic type. */
  readSimpleType(type: string): unknown;
  /** Returns dictionaries as pairs. */
  read(signature: string): readonly unknown[];
}

/** `start`: the offset of the first byte, for alignment. */
type DBusBufferConstructor = new (
  bytes: Buffer,
  start: number,
  endian: number,
  descriptors: null,
  options: { readonly ayBuffer: true },
) => DBusBuffer;

// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the package has types for its main module only
const DBusBuffer = createRequire(import.meta.url)("dbus-next/lib/dbus-buffer.js") as DBusBufferConstructor;

/** The type of each header field, by its code. */
const FIELD_TYPES: ReadonlyMap<number, string> = new Map(Object.values(FIELDS));
/** Types that a header field may have, including fields of later versions of the protocol. */
const SIMPLE_FIELD_TYPES: readonly string[] = ["o", "s", "g", "u"];

/** The fixed part of a header. */
export interface Start {
  readonly endian: number;
  readonly type: number;
  readonly flags: number;
  readonly serial: number;
  /** Without the padding after the fields. */
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
      throw new WireError("a header field has an unknown type");
    const expected = FIELD_TYPES.get(code);
    if (expected !== undefined && expected !== type) throw new WireError("a header field has the wrong type");
    const value = reader.readSimpleType(type);
    if (reader.pos > length) throw new WireError("a header field runs past the end of the header");
    if (expected !== undefined) found.set(code, value);
  }
  return found;
}

/** Reads a body with this signature. Throws WireError if the body has another signature or cannot be read. */
export function readBody(message: Message, signature: string): readonly WireValue[] {
  const { body, endian } = message;
  if (message.signature !== signature) throw new WireError("the signature of a body is not the expected one");
  const types = parseSignature(signature);
  const raw = guarded(() => {
    const reader = new DBusBuffer(body, 0, endian, null, { ayBuffer: true });
    const values = reader.read(signature);
    if (reader.pos !== body.length) throw new WireError("a body is longer or shorter than its values");
    return values;
  });
  return types.map((type, index) => fromRaw(type, raw[index]));
}

/** Anything that the reader throws means that the bytes do not match their signature. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof WireError ? error : new WireError("the bytes end before the values do");
  }
}

function fromRaw(type: WireType, raw: unknown): WireValue {
  switch (type.kind) {
    case "basic":
      return basicFromRaw(type.code, raw);
    case "variant":
      throw new WireError("reading a variant is not supported");
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
  throw new WireError("a value does not match its signature");
}

function entryFromRaw(type: WireType, pair: unknown): readonly [string, WireValue] {
  const [key, value] = list(pair);
  if (typeof key !== "string") throw new WireError("a key is not a string");
  return [key, fromRaw(type, value)];
}

/** The reader returns an array of bytes as a Buffer. */
function list(raw: unknown): readonly unknown[] {
  if (raw instanceof Uint8Array) return [...raw];
  if (!Array.isArray(raw)) throw new WireError("a value is not an array");
  return raw;
}
