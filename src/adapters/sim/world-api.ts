/** What the harness sees of a simulated world. */
import type { Milliseconds } from "../../core/domain/units.js";
import type { Ports } from "../../core/ports/index.js";
import type { OsFailure } from "../../core/ports/request.js";
import type { WorldAction } from "./actions.js";
import type { ConnectionView, ProcessName, WorldObservation } from "./observation.js";
import type { DaemonProcess } from "./process.js";
import type { FabricId, LinkState, ListenerState } from "./spec.js";

export interface WorldHooks {
  /** Makes the core of a process that starts; the world then dispatches `control start` to it. */
  boot(process: ProcessName, ports: Ports): DaemonProcess;
  observe(at: Milliseconds, observation: WorldObservation): void;
  /** A process threw out of `dispatch`: our own bug. The world counts the process as crashed. */
  crashed(process: ProcessName, error: unknown): void;
}

/** The files of a host, for what the actions cannot say: bytes, permissions. */
export interface HostFiles {
  read(path: string): { readonly ok: true; readonly value: string } | OsFailure;
  /** Permission bits of what is there; throws where nothing is. */
  mode(path: string): number;
  /** Names in a directory, sorted; empty where there is none. */
  list(directory: string): readonly string[];
  /** Puts a file there as an administrator would. */
  put(path: string, content: string | Uint8Array): void;
}

export interface SimulatedWorld {
  /** Simulated monotonic time; 0 when the world was made. */
  now(): Milliseconds;
  /** When the next thing happens, or `undefined` where nothing is left to happen. */
  nextAt(): Milliseconds | undefined;
  /**
   * Jumps to the next thing, lets it happen, and dispatches what it put into the inboxes until
   * they are empty (bounded by `DISPATCHES_PER_INSTANT_MAX`).
   */
  step(): void;
  /** Steps until `until` has been reached; time then stands at `until`. */
  runUntil(until: Milliseconds): void;
  /** Does something to the world now, and dispatches what follows from it at this instant. */
  apply(action: WorldAction): void;
  /** Calls `callback` at a simulated time (>= now), in the order of registration among equals. */
  schedule(at: Milliseconds, callback: () => void): void;
  /** Every controller of the simulated kernel, by instance number. */
  connections(): readonly ConnectionView[];
  /** The state of a host interface's link; up where nothing ever said otherwise. */
  linkState(hostIface: string): LinkState;
  /** The state of each address that a peer listens at; empty where there is no such peer. */
  listenerStates(peer: FabricId): readonly ListenerState[];
  /** Which processes run. */
  processes(): readonly ProcessName[];
  /** Text of a simulated file, or `undefined`. */
  readFile(path: string): string | undefined;
  readonly disk: HostFiles;
  /** How many events were dispatched to cores so far. */
  dispatched(): number;
}
