/** D-Bus messages as values (D-Bus Specification, "Message Protocol"). */

/** Bytes or values do not fit the protocol or their signature. */
export class WireError extends Error {
  override readonly name = "WireError";
}

export type WireValue = string | number | boolean | readonly WireValue[] | { readonly [key: string]: WireValue };

/** The value for `v` in a signature: a value with its own signature. */
export type Variant = { readonly signature: string; readonly value: WireValue };

export const MESSAGE_TYPE = { call: 1, reply: 2, error: 3, signal: 4 } as const;

export const FLAG = { noReplyExpected: 1, noAutoStart: 2 } as const;

/** The first byte of a message. */
export const ENDIAN = { little: 0x6c, big: 0x42 } as const;
export const PROTOCOL_VERSION = 1;
/** The fixed part of a header: from the endianness to the length of the header fields. */
export const FIXED_BYTES = 16;

/** Header fields: the code and the type of each. */
export const FIELDS = {
  path: [1, "o"],
  interface: [2, "s"],
  member: [3, "s"],
  errorName: [4, "s"],
  replySerial: [5, "u"],
  destination: [6, "s"],
  sender: [7, "s"],
  signature: [8, "g"],
} as const satisfies Record<string, readonly [number, string]>;

/** A message without its body. */
export interface Header {
  /** Ignore a message of any other type than the four of `MESSAGE_TYPE`. */
  readonly type: number;
  readonly flags: number;
  readonly serial: number;
  readonly path?: string | undefined;
  readonly interface?: string | undefined;
  readonly member?: string | undefined;
  readonly errorName?: string | undefined;
  readonly replySerial?: number | undefined;
  readonly destination?: string | undefined;
  readonly sender?: string | undefined;
  /** The signature of the body; empty without a body. */
  readonly signature: string;
}

/**
 * A message that arrived. Read its body with the expected signature, and before you return to the caller that handed over the
 * message: after that, its memory is reused.
 */
export interface Message extends Header {
  readonly endian: number;
  readonly body: Buffer;
}
