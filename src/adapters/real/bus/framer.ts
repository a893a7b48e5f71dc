/** Splits the stream of the bus into messages, and discards those that are too large. */
import { FIELDS_BYTES_MAX, MESSAGE_BYTES_MAX, REPLY_BODY_BYTES_MAX, REQUEST_BODY_BYTES_MAX } from "./limits.js";
import { readHeader, type Start } from "./unmarshal.js";
import { ENDIAN, FIXED_BYTES, MESSAGE_TYPE, PROTOCOL_VERSION, WireError, type Header, type Message } from "./wire.js";

export type Frame =
  | { readonly kind: "message"; readonly message: Message }
  /** The body is discarded. */
  | { readonly kind: "too-large"; readonly header: Header }
  /** The header cannot be parsed. The next message can be read. */
  | { readonly kind: "unreadable" }
  /** The stream is not D-Bus: nothing more can be read from it. */
  | { readonly kind: "broken" };

type State =
  | { readonly at: "start" }
  | { readonly at: "fields"; readonly start: Start }
  | { readonly at: "body"; readonly header: Header; readonly endian: number; readonly length: number }
  | { readonly at: "skipping"; readonly left: number; readonly frame: Frame }
  | { readonly at: "broken" };

export class Framer {
  readonly #chunks: Buffer[] = [];
  #held = 0;
  #state: State = { at: "start" };

  /** Uses the memory of the chunk until `keep`. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  /** Copies the bytes that are left over, because the caller is about to reuse the memory of the chunks. */
  keep(): void {
    const last = this.#chunks.pop();
    if (last !== undefined && last.length > 0) this.#chunks.push(Buffer.from(last));
  }

  /** The next frame; `undefined` while it is incomplete. */
  next(): Frame | undefined {
    for (;;) {
      const before = this.#state;
      const frame = this.#step(before);
      if (frame !== undefined || this.#state === before) return frame;
    }
  }

  #step(state: State): Frame | undefined {
    switch (state.at) {
      case "start":
        return this.#onStart();
      case "fields":
        return this.#onFields(state.start);
      case "body": {
        const body = this.#take(state.length);
        if (body === undefined) return undefined;
        this.#state = { at: "start" };
        return { kind: "message", message: { ...state.header, endian: state.endian, body } };
      }
      case "skipping":
        return this.#onSkipping(state.left, state.frame);
      case "broken":
        return undefined;
    }
  }

  #onStart(): Frame | undefined {
    const fixed = this.#take(FIXED_BYTES);
    if (fixed === undefined) return undefined;
    const start = readStart(fixed);
    if (start === undefined) {
      this.#state = { at: "broken" };
      return { kind: "broken" };
    }
    this.#state =
      start.fieldsLength > FIELDS_BYTES_MAX
        ? { at: "skipping", left: padded(start) + start.bodyLength, frame: { kind: "unreadable" } }
        : { at: "fields", start };
    return undefined;
  }

  #onFields(start: Start): Frame | undefined {
    const fields = this.#take(padded(start));
    if (fields === undefined) return undefined;
    const { endian, bodyLength } = start;
    const header = tryHeader(start, fields);
    if (header === undefined) {
      this.#state = { at: "skipping", left: bodyLength, frame: { kind: "unreadable" } };
    } else if (bodyLength > bodyMax(header)) {
      this.#state = { at: "skipping", left: bodyLength, frame: { kind: "too-large", header } };
    } else this.#state = { at: "body", header, endian, length: bodyLength };
    return undefined;
  }

  #onSkipping(left: number, frame: Frame): Frame | undefined {
    if (left > 0 && this.#held === 0) return undefined;
    const skipped = Math.min(left, this.#held);
    this.#take(skipped);
    if (skipped < left) {
      this.#state = { at: "skipping", left: left - skipped, frame };
      return undefined;
    }
    this.#state = { at: "start" };
    return frame;
  }

  #take(bytes: number): Buffer | undefined {
    if (this.#held < bytes) return undefined;
    const first = this.#chunks[0];
    if (first === undefined || first.length < bytes) {
      const all = Buffer.concat(this.#chunks);
      this.#chunks.splice(0, this.#chunks.length, all.subarray(bytes));
      this.#held -= bytes;
      return all.subarray(0, bytes);
    }
    if (first.length === bytes) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(bytes);
    this.#held -= bytes;
    return first.subarray(0, bytes);
  }
}

/** `undefined` if the bytes are not D-Bus. */
function readStart(fixed: Buffer): Start | undefined {
  const endian = fixed.readUInt8(0);
  if (endian !== ENDIAN.little && endian !== ENDIAN.big) return undefined;
  if (fixed.readUInt8(3) !== PROTOCOL_VERSION) return undefined;
  const number = (at: number): number => (endian === ENDIAN.little ? fixed.readUInt32LE(at) : fixed.readUInt32BE(at));
  const start = {
    endian,
    type: fixed.readUInt8(1),
    flags: fixed.readUInt8(2),
    bodyLength: number(4),
    serial: number(8),
    fieldsLength: number(12),
  };
  return FIXED_BYTES + padded(start) + start.bodyLength > MESSAGE_BYTES_MAX ? undefined : start;
}

/** The body starts at a multiple of 8. */
function padded({ fieldsLength }: Start): number {
  return Math.ceil(fieldsLength / 8) * 8;
}

function tryHeader(start: Start, fields: Buffer): Header | undefined {
  try {
    return readHeader(start, fields);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}

function bodyMax({ type }: Header): number {
  return type === MESSAGE_TYPE.reply || type === MESSAGE_TYPE.error ? REPLY_BODY_BYTES_MAX : REQUEST_BODY_BYTES_MAX;
}
