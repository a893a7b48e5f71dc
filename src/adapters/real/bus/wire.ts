/** Messages of the D-Bus protocol as values (D-Bus Specification, "Message Protocol"). */

/** What is on the wire, or wants to be, does not fit the protocol or its signature. */
export class WireError extends Error {
  override readonly name = "WireError";
}

export type WireValue = string | number | boolean | readonly WireValue[] | { readonly [key: string]: WireValue };

/** What stands where a signature says `v`: a value together with its own signature. */
export type Variant = { readonly signature: string; readonly value: WireValue };

export const MESSAGE_TYPE = { call: 1, reply: 2, error: 3, signal: 4 } as const;

export const FLAG = { noReplyExpected: 1, noAutoStart: 2 } as const;

/** The first byte of a message. */
export const ENDIAN = { little: 0x6c, big: 0x42 } as const;
export const PROTOCOL_VERSION = 1;
/** From the endianness to the length of the header fields. */
export const FIXED_BYTES = 16;

/** Header fields: the code of each, and its type. */
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

/** Everything of a message but its body. */
export interface Header {
  /** What is none of the four types is to be ignored. */
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
  /** Of the body; empty where there is none. */
  readonly signature: string;
}

/**
 * A message that arrived. Its body is read once it is known what is expected in it, and before control goes back to who handed the
 * message over: then its memory is used again.
 */
export interface Message extends Header {
  readonly endian: number;
  readonly body: Buffer;
}
