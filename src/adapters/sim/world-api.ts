/** The simulated world as the harness sees it. */
import type { DiscoveryLogEntry } from "../../core/domain/discovery-log.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { Ports } from "../../core/ports/index.js";
import type { OsFailure } from "../../core/ports/request.js";
import type { WorldAction } from "./actions.js";
import type { ConnectionView, ProcessName, WorldObservation } from "./observation.js";
import type { DaemonProcess } from "./process.js";
import type { ReachTarget } from "./net/paths.js";
import type { FabricId, LinkState, ListenerState, NameAnswer, ResponderSpec } from "./spec.js";

export interface WorldHooks {
  /** Makes the core of a process that starts. The world then dispatches `control start` to it. */
  boot(process: ProcessName, ports: Ports): DaemonProcess;
  observe(at: Milliseconds, observation: WorldObservation): void;
  /** A process threw, or never came to rest: a bug of ours. The process counts as crashed. */
  crashed(process: ProcessName, error: unknown): void;
}

/** The files of a host, for what the actions cannot express: bytes and permissions. */
export interface HostFiles {
  read(path: string): { readonly ok: true; readonly value: string } | OsFailure;
  /** Permission bits of a path. Throws if it does not exist. */
  mode(path: string): number;
  /** Names in a directory, sorted. Empty if the directory does not exist. */
  list(directory: string): readonly string[];
  /** Writes a file as the administrator would. */
  put(path: string, content: string | Uint8Array): void;
}

/** What a connection would meet at an address, regardless of who asks. */
export interface Meeting {
  /** The host interface that the connection would leave through; empty over fc and loop. */
  readonly iface: string;
  /** The peers that listen there and are up. */
  readonly up: readonly FabricId[];
}

/** Facts of a world for observers. No daemon can ask for them. */
export interface WorldFacts {
  /**
   * What a discovery controller lists now to a host that reads it through the listening address of this number (0-based),
   * without the entry for itself. Empty if there is no such discovery controller.
   */
  listedBy(dc: FabricId, listener: number, hostNqn: string): readonly DiscoveryLogEntry[];
  /** The name server's present answer; `undefined` if the name does not exist. */
  nameAnswer(name: string): NameAnswer | undefined;
  /** The announced services whose datagrams reach the host. */
  announced(): readonly ResponderSpec[];
  /** What a connect would meet now; `undefined` if nothing answers. */
  meets(target: ReachTarget): Meeting | undefined;
}

export interface SimulatedWorld extends WorldFacts {
  /** Simulated monotonic time, 0 when the world was made. */
  now(): Milliseconds;
  /** The time of the next callback, or `undefined` if there is none. */
  nextAt(): Milliseconds | undefined;
  /**
   * Jumps to the next callback, runs it, and dispatches events until every inbox is empty (bounded by
   * `DISPATCHES_PER_INSTANT_MAX`).
   */
  step(): void;
  /** Steps to `until`, inclusive. The time is then `until`. */
  runUntil(until: Milliseconds): void;
  /** Acts on the world now, and dispatches the resulting events of this instant. */
  apply(action: WorldAction): void;
  /** Calls `callback` at a simulated time (>= now). Callbacks of one instant run in the order of registration. */
  schedule(at: Milliseconds, callback: () => void): void;
  /** Every controller of the simulated kernel, by instance number. */
  connections(): readonly ConnectionView[];
  /** The state of a host interface's link. Up unless something set it. */
  linkState(hostIface: string): LinkState;
  /** The state of each address where a peer listens. Empty if there is no such peer. */
  listenerStates(peer: FabricId): readonly ListenerState[];
  /** The processes that run. */
  processes(): readonly ProcessName[];
  /** The text of a simulated file, or `undefined`. */
  readFile(path: string): string | undefined;
  readonly disk: HostFiles;
  /** How many events the world has dispatched to cores. */
  dispatched(): number;
}
