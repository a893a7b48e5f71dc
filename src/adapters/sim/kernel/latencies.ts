/**
 * The nominal latencies of the kernel in milliseconds, each with its log. The logs come from emulated machines, and each
 * figure is one measurement or the middle of several.
 */
import { Milliseconds } from "../../../core/domain/units.js";

export const LATENCY = {
  /**
   * One connect: 38 ms alone, of which it holds the host-wide mutex for 24 ms. Measured 18 to 128 ms (6.12-cloud.s1.log,
   * 6.12-cloud.s3.log, 6.12-cloud.s4.log). No log shows that 150 connects took 5.8 s one at a time and 3.6 s four at
   * a time; `npm run lab -- --bench` measures it again. `before` and `after` are the write's way in and out.
   */
  connectBefore: Milliseconds(4),
  connectAdd: Milliseconds(2),
  connectSubsystem: Milliseconds(14),
  connectConnected: Milliseconds(20),
  connectRelease: Milliseconds(24),
  connectAfter: Milliseconds(10),
  /** Namespaces appear 9 to 15 ms after the write returned, 2 to 4 ms apart (6.12-cloud.s1.log, 6.12-cloud.s4.log). */
  namespaceAdd: Milliseconds(24),
  namespaceStep: Milliseconds(2),
  /** Rejection by the target: `add` to `remove` took 5 to 12 ms (6.12-cloud.s3.log). */
  connectRejected: Milliseconds(8),
  /**
   * A peer that accepts and says nothing (6.12-cloud.s7.log: "after 10235ms"; 6.12-cloud.s8-handles.log: "after
   * 10166ms").
   */
  connectSilent: Milliseconds(10_180),
  /** A peer that closes, or answers garbage: `add` to `remove` 20 ms (6.12-cloud.s7.log). */
  connectBroken: Milliseconds(20),
  /** A port goes away: `live` to `resetting` 4 to 7 ms, to `connecting` 15 ms later (6.12-cloud.s4.log). */
  lossNoticed: Milliseconds(5),
  resettingLoud: Milliseconds(15),
  /** A reconnect that works: 50 to 90 ms from the attempt to `live` (6.12-cloud.s4.log). */
  reconnect: Milliseconds(60),
  /** `rediscover` or the block device's `change`, then `connected` (6.12-cloud.s4.log: 3 to 9 ms). */
  reconnectConnected: Milliseconds(4),
  /** A reset: 36 ms on a discovery controller, 70 ms on an I/O controller (6.12-cloud.s1.log). */
  resetDiscovery: Milliseconds(32),
  resetIo: Milliseconds(64),
  /** A write to `reset_controller` that fails (6.12-cloud.s4.log: "write in 29ms"). */
  resetFailed: Milliseconds(25),
  /** A reconnect that the target refuses or rejects (6.12-cloud.s4.log: 1 to 20 ms beyond the delay). */
  attemptRefused: Milliseconds(20),
  /**
   * The first attempt on a dead link, while the neighbour is still known: EHOSTUNREACH after 0.89 s (6.12-cloud.s7.log) or
   * 0.5 s (6.12-cloud.s5.log).
   */
  attemptDeadFirst: Milliseconds(890),
  /** Every later attempt (6.12-cloud.s7.log: 3.096 s each). */
  attemptDead: Milliseconds(3_096),
  /** Delete of a live discovery controller (6.12-cloud.s9-serialised.log: "took 26 ms"; 9 to 39 elsewhere). */
  deleteDiscovery: Milliseconds(26),
  /** Delete of a live I/O controller: 53 to 101 ms (6.12-cloud.s1.log, 6.12-cloud.s3.log). */
  deleteIo: Milliseconds(70),
  /** Delete of a connecting controller (6.12-cloud.s4.log: "ok in 100ms"). */
  deleteConnecting: Milliseconds(100),
  /**
   * Delete of a live controller on a dead link: the shutdown times out (6.12-cloud.s7.log: "ok in 63072ms",
   * "ok in 63677ms").
   */
  deleteDeadLink: Milliseconds(63_072),
  deleteDeadLinkIo: Milliseconds(63_677),
  /** The rest of such a delete once the link is back. Not measured. */
  deleteHealed: Milliseconds(100),
  /** From the start of a delete to the removal of the first namespace's devices (6.12-cloud.s4.log: 35 ms). */
  deleteNamespaces: Milliseconds(30),
  /** Removal after the last attempt or a rejection: from the state to `remove` (6.12-cloud.s4.log: 20 to 70 ms). */
  removeDiscovery: Milliseconds(20),
  removeIo: Milliseconds(68),
  /** From the controller's `remove` to its subsystem's, and to the end of the write (6.12-cloud.s4.log: 2 to 7 ms). */
  removeSubsystem: Milliseconds(2),
  deleteReturn: Milliseconds(4),
  /** From a change of the page to the AEN's uevent (6.12-cloud.s2.log: 2 to 10 ms). */
  aen: Milliseconds(3),
  /** An admin command (6.12-cloud.s1.log: under 13 ms with the log's own work). */
  admin: Milliseconds(2),
  /** An ioctl, a write or an open that fails at once. */
  syscall: Milliseconds(1),
} as const satisfies Readonly<Record<string, Milliseconds>>;

/** Round trips of a connect. Not measured, but counted from its commands. */
export const CONNECT_ROUND_TRIPS = 10;

/** Round trips of each I/O queue: TCP, ICReq and Connect. Not measured. */
export const QUEUE_ROUND_TRIPS = 3;
