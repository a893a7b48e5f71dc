/** The whole state of a core, as one plain value: records, arrays, maps, sets, strings and numbers. */
import type { Controller, ControllerId, Lines } from "./controller.js";
import type { CommonConfig, HostIdentity, StacConfig, StafConfig } from "../config/types.js";
import type { NbftTable } from "../domain/nbft.js";
import type { DeviceIndex } from "./device.js";
import type { MdnsState } from "./mdns.js";
import type { ServiceName } from "../ports/bus.js";
import type { NetworkInterface } from "../ports/network.js";
import type { RequestId } from "../ports/request.js";
import type { HandleId } from "../ports/sysfs.js";
import type { Milliseconds } from "../domain/units.js";
import type { StafView } from "./staf-view.js";
import type { Timers } from "./timers.js";

/** Which services this core carries out: both in one process, or one of two processes. */
export type CoreServices = "both" | ServiceName;

/** What a request number stands for until its completion comes back. */
export type Pending =
  | { readonly kind: "options" }
  | { readonly kind: "probe"; readonly controller: ControllerId }
  | { readonly kind: "connect"; readonly controller: ControllerId }
  | {
      readonly kind: "delete";
      readonly handle: HandleId;
      readonly device: string;
      readonly controller: ControllerId | undefined;
    }
  | { readonly kind: "log-page"; readonly handle: HandleId; readonly controller: ControllerId }
  | { readonly kind: "register"; readonly handle: HandleId; readonly controller: ControllerId }
  | { readonly kind: "identify"; readonly handle: HandleId; readonly device: string }
  | { readonly kind: "save"; readonly service: ServiceName; readonly sequence: number }
  | { readonly kind: "resolve"; readonly name: string }
  | { readonly kind: "reach"; readonly target: string }
  | { readonly kind: "ask-staf" };

/** A service's file of what it must not forget. `sequence` counts changes. A write is in flight while `durable` is behind `attempted`. */
export interface SavedFile {
  readonly path: string;
  sequence: number;
  /** The last sequence handed to a write, and the last one whose write has ended. */
  attempted: number;
  durable: number;
}

/** What a service does with its configuration file. */
export interface ServiceState<Config extends CommonConfig> {
  config: Config;
  /** False until a configuration was read whole: what is configured is not known then. */
  configKnown: boolean;
  readonly record: SavedFile;
  /** How often it compared what is wanted with what is present, since its process started. */
  reconciles: number;
}

export interface StafState extends ServiceState<StafConfig> {
  /** Sources of the wanted set that have not said everything yet, by key, and since when. */
  readonly open: Map<string, Milliseconds>;
  /** Whether one of them may have spoken since. False between events. */
  sourcesMoved: boolean;
}

export interface StacState extends ServiceState<StacConfig> {
  /** What staf last told. Used where staf is another process; in one process it is read directly. */
  view: StafView;
  /** Whether something is kept, or is not judged, because a source is open. */
  awaitsSource: boolean;
  /** Whether the last live path of a subsystem stays until a new one is live. */
  holdsPaths: boolean;
  /** Whether a connection waits for another path, to be reconnected with other options. */
  renewals: "none" | "waiting";
  /** A call to staf in flight, and whether another must follow it. */
  asking: { readonly at: "idle" } | { readonly at: "calling"; readonly request: RequestId; readonly again: boolean };
}

/** What the connect queue remembers beside the lines in which controllers wait. */
export interface ConnectQueue {
  /** Address keys that were seen alive and did not fail since: they need no probe. */
  readonly alive: Set<string>;
}

/** Events of one device, handed on to nvme-cli by restarting its unit. */
export interface HandOn {
  /** `nvmf-connect@OPTIONS.service`, as the last event gave the options. */
  readonly unit: string;
  /** Whether there was an event since the unit was restarted. */
  readonly due: boolean;
}

/** Boot firmware tables by file. One that could not be read again stays as it was read last. */
export type BootTables = Map<string, NbftTable | "unread" | "not-valid">;

export interface CoreState {
  readonly services: CoreServices;
  phase: "new" | "running" | "stopping" | "stopped";
  nextRequest: number;
  nextController: number;
  readonly requests: Map<RequestId, Pending>;
  readonly timers: Timers;
  identity: HostIdentity | undefined;
  interfaces: readonly NetworkInterface[];
  readonly bootTables: BootTables;
  /** What `/dev/nvme-fabrics` says it takes; `unknown` where the kernel does not say (before 5.17). */
  fabricsOptions: "not-asked" | "asked" | "unknown" | ReadonlySet<string>;
  readonly kernel: DeviceIndex;
  readonly controllers: Map<ControllerId, Controller>;
  /** Controllers by service and transport id. */
  readonly byKey: Map<string, ControllerId>;
  /** Controllers by the place at which they look for a connection (`placeOf`). */
  readonly byPlace: Map<string, Set<ControllerId>>;
  /** Controllers by where they stand in their lives. */
  readonly lines: Lines;
  readonly queue: ConnectQueue;
  /** The last answer for each configured host name. */
  readonly names: Map<string, readonly string[]>;
  /** What nvme-cli is to be told of discovery controllers that staf does not manage, by device. */
  readonly handOns: Map<string, HandOn>;
  readonly mdns: MdnsState;
  staf: StafState | undefined;
  stac: StacState | undefined;
  /** Complaints that were made already and are not repeated while they hold. */
  readonly said: Set<string>;
}
