/** What can be asked of a run. */
import type { ProcessName } from "../../adapters/sim/observation.js";
import type { FabricId, LinkState, ListenerState, WorldSpec } from "../../adapters/sim/spec.js";
import type { WorldFacts } from "../../adapters/sim/world-api.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { KernelControllers } from "../controllers.js";
import type { ControllerDescription } from "../core-view.js";

/** The facts of a run, at any moment: the world, its processes and their files. */
export interface RunFacts {
  readonly spec: WorldSpec;
  /** What is so in the world, whether or not a daemon knows it. */
  readonly facts: WorldFacts;
  /** Texts that must appear nowhere. */
  readonly secrets: readonly string[];
  /** The controllers that the kernel has now. */
  readonly controllers: KernelControllers;
  now(): Milliseconds;
  /** The state of a host interface's link. */
  linkState(hostIface: string): LinkState;
  /** The state of each address that a peer listens on; empty if the file describes no such peer. */
  listenerStates(peer: FabricId): readonly ListenerState[];
  /** The processes that run. */
  processes(): readonly ProcessName[];
  /** When a process last started; `undefined` if it does not run. */
  startedAt(process: ProcessName): Milliseconds | undefined;
  /** Whether a service runs, and with what status its process last exited. */
  serviceState(service: ServiceName): { readonly running: boolean; readonly status: number | undefined };
  /** What each running core says of its controllers. */
  describe(): readonly ControllerDescription[];
  /** Obligations of all running cores. */
  pending(): readonly string[];
  /** The last event that could have met an obligation, as a sentence. */
  lastEventAbout(obligation: string): string;
  /** The text of a file of the host, or `undefined`. */
  readFile(path: string): string | undefined;
  /** Paths of the files that the host began with, and of those written since. */
  filePaths(): Iterable<string>;
}
