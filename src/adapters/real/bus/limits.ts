/** Every bound and every delay of the bus adapter, by name. */
import { Milliseconds } from "../../../core/domain/units.js";

/** How long things are waited for. */
export interface BusTiming {
  /** A call of ours that nobody answers ends after this time: libdbus' default. */
  readonly call: Milliseconds;
  /** From opening the socket to the answer to Hello. */
  readonly connect: Milliseconds;
  /** Before the first attempt after an outage began; doubled from attempt to attempt. */
  readonly reconnectFirst: Milliseconds;
  readonly reconnectLongest: Milliseconds;
  /** A connection that held this long ends the outage before it: the next one starts anew, and is logged anew. */
  readonly stable: Milliseconds;
  /** Before a name that the bus refused us is asked for again. */
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

/** Calls of clients that wait for an answer; whoever comes beyond is told LimitsExceeded. */
export const OPEN_CALLS_MAX = 64;
/** Calls of ours that wait for an answer; one beyond fails with LimitsExceeded. */
export const OWN_CALLS_MAX = 256;
/** Callers whose user id is remembered. */
export const CALLERS_MAX = 1_024;

/** Header fields of a message. Only an object path could make them long, and ours are short. */
export const FIELDS_BYTES_MAX = 16 * 1024;
/** Body of a call or a signal: seven fields of a transport id, each within 4 KiB. */
export const REQUEST_BODY_BYTES_MAX = 64 * 1024;
/** Body of a reply: 10,000 log page entries as JSON take about 6 MiB. */
export const REPLY_BODY_BYTES_MAX = 32 * 1024 * 1024;
/** The specification's own bound on a whole message. What claims more is no D-Bus. */
export const MESSAGE_BYTES_MAX = 128 * 1024 * 1024;
/** A line of the authentication. */
export const AUTH_LINE_BYTES_MAX = 1_024;
/** Sent and not yet taken by the bus: above it, replies turn into LimitsExceeded, and a signal ends the connection. */
export const SEND_QUEUE_BYTES_MAX = 8 * 1024 * 1024;
/** Containers in containers in one signature: the specification's bound on arrays. */
export const NESTING_MAX = 32;
