/** One structure of an NVMe Boot Firmware Table, and the heap that its references point to. */
import { isUnspecified, parseIp } from "../domain/ip-address.js";
import { DecodeError } from "./error.js";
import { decodeUtf8, toHex } from "./text.js";

/** From `start` up to, but not including, `end`, in bytes from the start of the table. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** The table's bytes, and the heap within them. */
export interface NbftSpace {
  readonly bytes: Uint8Array;
  readonly heap: Extent;
}

/** Length of an address in the table, in bytes: IPv6, or IPv4-mapped IPv6. */
export const NBFT_ADDRESS_BYTES = 16;

/** The longest list of numbers accepted, in bytes: an index or an algorithm takes one byte. */
export const NBFT_LIST_BYTES_MAX = 255;

const REFERENCE_LENGTH_OFFSET = 4;

/**
 * Reads the fields of one structure by their offsets in the specification's figures. For any bytes, it throws nothing but
 * DecodeError, and reads nothing outside the structure and the heap.
 */
export class NbftDescriptor {
  readonly #name: string;
  readonly #space: NbftSpace;
  readonly #extent: Extent;
  readonly #view: DataView;

  /** @param name for errors: `HFI descriptor`; @param extent its position; DecodeError if it lies outside the table */
  constructor(space: NbftSpace, name: string, extent: Extent) {
    const { bytes } = space;
    if (extent.start > extent.end || extent.end > bytes.length) {
      throw new DecodeError(`NBFT ${name}`, "it lies outside the table");
    }
    this.#name = name;
    this.#space = space;
    this.#extent = extent;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset + extent.start, extent.end - extent.start);
  }

  get length(): number {
    return this.#view.byteLength;
  }

  fail(problem: string): never {
    throw new DecodeError(`NBFT ${this.#name}`, problem);
  }

  #need(offset: number, length: number): void {
    if (offset + length > this.length) this.fail("it is cut short");
  }

  u8(offset: number): number {
    this.#need(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#need(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.#need(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  /** The bytes themselves, not a copy. */
  bytes(offset: number, length: number): Uint8Array {
    this.#need(offset, length);
    const start = this.#extent.start + offset;
    return this.#space.bytes.subarray(start, start + length);
  }

  /** An address, or an empty string for the unspecified address. */
  address(offset: number): string {
    return addressText(this.bytes(offset, NBFT_ADDRESS_BYTES));
  }

  /** The target of a heap object reference; `undefined` if its length is 0. DecodeError outside the heap. */
  #object(offset: number, field: string): Extent | undefined {
    const start = this.u32(offset);
    const end = start + this.u16(offset + REFERENCE_LENGTH_OFFSET);
    if (end === start) return undefined;
    const { heap } = this.#space;
    if (start < heap.start || end > heap.end) this.fail(`its ${field} lies outside the heap`);
    return { start, end };
  }

  /** Whether a reference has a target. The target is not read. DecodeError outside the heap. */
  hasObject(offset: number, field: string): boolean {
    return this.#object(offset, field) !== undefined;
  }

  /** The object as a structure; `undefined` if its length is 0. */
  nested(offset: number, field: string): NbftDescriptor | undefined {
    const extent = this.#object(offset, field);
    return extent === undefined ? undefined : new NbftDescriptor(this.#space, field, extent);
  }

  /** The object as a list of bytes, at most `NBFT_LIST_BYTES_MAX`; empty if its length is 0. */
  list(offset: number, field: string): readonly number[] {
    const extent = this.#object(offset, field);
    if (extent === undefined) return [];
    if (extent.end - extent.start > NBFT_LIST_BYTES_MAX) {
      this.fail(`its ${field} is longer than ${String(NBFT_LIST_BYTES_MAX)} bytes`);
    }
    return [...this.#space.bytes.subarray(extent.start, extent.end)];
  }

  /**
   * The object as text; empty if its length is 0. It ends at a NUL within its length (some firmware counts the NUL) or
   * right after it. DecodeError if there is no NUL, if it is longer than `bytesMax`, or if it is not printable UTF-8.
   */
  text(offset: number, field: string, bytesMax: number): string {
    const extent = this.#object(offset, field);
    if (extent === undefined) return "";
    const { bytes, heap } = this.#space;
    let end = extent.start;
    while (end < extent.end && bytes[end] !== 0) {
      if (end - extent.start === bytesMax) this.fail(`its ${field} is longer than ${String(bytesMax)} bytes`);
      end++;
    }
    if (end === extent.end && (end >= heap.end || bytes[end] !== 0)) this.fail(`its ${field} has no terminating NUL`);
    const text = decodeUtf8(bytes.subarray(extent.start, end));
    if (/[\x00-\x1f\x7f-\x9f\ufffd]/.test(text)) this.fail(`its ${field} is not printable text`);
    return text;
  }
}

/** The text of a 16-byte address. IPv4-mapped becomes IPv4; the unspecified address becomes an empty string. */
export function addressText(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let at = 0; at < NBFT_ADDRESS_BYTES; at += 2) groups.push(toHex(bytes.subarray(at, at + 2)));
  const text = parseIp(groups.join(":"))?.text ?? "";
  return isUnspecified(text) ? "" : text;
}

/** The text of a UUID's 16 bytes, in table order. */
export function uuidText(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
