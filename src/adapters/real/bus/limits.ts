/** Every limit and every delay of the bus adapter, by name. */
import { Milliseconds } from "../../../core/domain/units.js";

/** How long the adapter waits. */
export interface BusTiming {
  /** Our own call fails when no answer comes within this time. The default of libdbus. */
  readonly call: Milliseconds;
  /** From opening the socket until the bus answers Hello. */
  readonly connect: Milliseconds;
  /** Delay before the first attempt of an outage; it doubles with each attempt. */
  readonly reconnectFirst: Milliseconds;
  readonly reconnectLongest: Milliseconds;
  /** A connection that lasts this long ends the outage before it: the next outage starts with the first delay and is logged. */
  readonly stable: Milliseconds;
  /** Delay before we ask again for a name that the bus refused. */
  readonly nameRetry: Milliseconds;
}

export const BUS_TIMING: BusTiming = {
  call: Milliseconds(25_000),
  connect: Milliseconds(10_000),
  reconnectFirst: Milliseconds(1_000),
  reconnectLongest: Milliseconds(30_000),
  stable: Milliseconds(30_000),
  nameRetry: Milliseconds(60_000),
};

/** Client calls that wait for an answer; further calls fail with LimitsExceeded. */
export const OPEN_CALLS_MAX = 64;
/** Our own calls that wait for an answer; further calls fail with LimitsExceeded. */
export const OWN_CALLS_MAX = 256;
/** Callers whose user id we remember. */
export const CALLERS_MAX = 1_024;

/** Header fields of a message. Only an object path can make them long, and ours are short. */
export const FIELDS_BYTES_MAX = 16 * 1024;
/** Body of a call or a signal: seven fields of a transport id, at most 4 KiB each. */
export const REQUEST_BODY_BYTES_MAX = 64 * 1024;
/** Body of a reply: 10,000 log page entries as JSON take about 6 MiB. */
export const REPLY_BODY_BYTES_MAX = 32 * 1024 * 1024;
/** The specification's limit on a whole message. A peer that claims more does not speak D-Bus. */
export const MESSAGE_BYTES_MAX = 128 * 1024 * 1024;
/** One line of the authentication. */
export const AUTH_LINE_BYTES_MAX = 1_024;
/** Bytes sent that the bus has not read yet. Above it, replies become LimitsExceeded, and a signal ends the connection. */
export const SEND_QUEUE_BYTES_MAX = 8 * 1024 * 1024;
/** Nested containers in one signature: the specification's limit on arrays. */
export const NESTING_MAX = 32;
