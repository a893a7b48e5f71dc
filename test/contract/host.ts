/** What the contract suite needs from a world: one daemon process's ports, and the storage, network and files around it. */
import type { Milliseconds } from "../../src/core/domain/units.js";
import type { BusPort, BusResult, ServiceName } from "../../src/core/ports/bus.js";
import type { CoreEvent, Ports } from "../../src/core/ports/index.js";
import type { LogLevel } from "../../src/core/ports/log.js";
import type { RequestId } from "../../src/core/ports/request.js";
import type { Address, Place, Subsystem } from "./stage.js";

/** The measured kernels, by profile name. */
export const MEASURED_KERNELS = ["6.1", "6.12"] as const;

export type MeasuredKernel = (typeof MEASURED_KERNELS)[number];

/** An event as the adapters delivered it, with its time. */
export interface Delivered {
  readonly at: Milliseconds;
  readonly event: CoreEvent;
}

/** The kernel's own NVMe/TCP target, or its model. The next behaviour starts with every change undone. */
export interface Storage {
  link(place: Place, subsystem: Subsystem): void;
  /** A port stops listening when its last subsystem is unlinked. */
  unlink(place: Place, subsystem: Subsystem): void;
  refer(place: Place, to: Place): void;
  unrefer(place: Place, to: Place): void;
  /** Allows any host, or none, to connect to a subsystem. */
  allow(subsystem: Subsystem, hosts: "any" | "none"): void;
  /** Gives the discovery subsystem at the returned address the unique NQN `UNIQUE_DISCOVERY_NQN`. */
  uniqueDiscovery(): Address;
}

export interface HostNetwork {
  /** Sets the link that leads to `far`; `silent` loses every packet. */
  wire(state: "up" | "silent"): void;
  addInterface(name: string, address: string): void;
  removeInterface(name: string): void;
}

export interface HostFiles {
  put(path: string, content: string | Uint8Array): void;
  /** `undefined` if the file does not exist. */
  look(path: string): { readonly text: string; readonly mode: number } | undefined;
  names(directory: string): readonly string[];
}

/** The other service: a separate process on the same bus. */
export interface BusPeer {
  readonly bus: BusPort;
  readonly delivered: readonly Delivered[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface HostBus {
  /** `stac`. The host's own process is `staf`. */
  readonly peer: BusPeer;
  /** Calls as an administrator's tool does, over a separate connection. */
  clientCall(service: ServiceName, method: string, args: readonly (string | boolean)[]): Promise<BusResult>;
  /** Stops or restarts the bus. */
  set(state: "up" | "down"): Promise<void>;
}

/** A service announced at the far end of the `ANNOUNCED` link; `instance` identifies it. */
export interface Announcement {
  readonly instance: string;
  readonly port: number;
  readonly txt: readonly string[];
}

export interface HostDiscovery {
  announce(service: Announcement): void;
  goodbye(instance: string): void;
  /** Stops or starts the host's own Avahi, which is up at the start. */
  setAvahi(state: "up" | "down"): Promise<void>;
}

export interface ServiceManager {
  /** The states it received, in order: `ready`, `reloading`, `stopping`. */
  told(): readonly string[];
  /** The units it was asked to restart, in order. */
  restarted(): readonly string[];
}

export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
}

export interface ContractHost {
  readonly kernel: MeasuredKernel;
  readonly ports: Ports;
  /** What the adapters delivered since the behaviour began, in order. */
  readonly delivered: readonly Delivered[];
  readonly storage: Storage;
  readonly network: HostNetwork;
  readonly discovery: HostDiscovery;
  readonly files: HostFiles;
  readonly bus: HostBus;
  readonly manager: ServiceManager;
  /** Lines of the log since the behaviour began. */
  logged(): readonly LogLine[];
  now(): Milliseconds;
  request(): RequestId;
  /** Resets a controller as an administrator does, through `reset_controller`. */
  reset(device: string): void;
  sleep(duration: Milliseconds): Promise<void>;
  /** Lets time pass until `find` finds something. Throws `Overdue` after `limit`. */
  until<T>(what: string, find: () => T | undefined, limit: Milliseconds): Promise<T>;
  /** Waits until every uevent that the kernel has sent so far is delivered. */
  settled(): Promise<void>;
}

/** What a behaviour waited for did not happen in time. */
export class Overdue extends Error {
  override readonly name = "Overdue";

  constructor(what: string) {
    super(what);
  }
}
