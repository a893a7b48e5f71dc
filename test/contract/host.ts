/** What the contract suite asks of a world: the ports of one daemon process, and the storage, network and files around it. */
import type { Milliseconds } from "../../src/core/domain/units.js";
import type { BusPort, BusResult, ServiceName } from "../../src/core/ports/bus.js";
import type { CoreEvent, Ports } from "../../src/core/ports/index.js";
import type { LogLevel } from "../../src/core/ports/log.js";
import type { RequestId } from "../../src/core/ports/request.js";
import type { Address, Place, Subsystem } from "./stage.js";

/** The kernels that are measured, by the name of their profile. */
export const MEASURED_KERNELS = ["6.1", "6.12"] as const;

export type MeasuredKernel = (typeof MEASURED_KERNELS)[number];

/** An event as the adapters delivered it, and when. */
export interface Delivered {
  readonly at: Milliseconds;
  readonly event: CoreEvent;
}

/** The kernel's own NVMe/TCP target, or its model. What a call changes is as before when the next behaviour starts. */
export interface Storage {
  link(place: Place, subsystem: Subsystem): void;
  /** A port of which the last subsystem is unlinked listens no more. */
  unlink(place: Place, subsystem: Subsystem): void;
  refer(place: Place, to: Place): void;
  unrefer(place: Place, to: Place): void;
  /** Lets any host, or none, connect to a subsystem. */
  allow(subsystem: Subsystem, hosts: "any" | "none"): void;
  /** From now on the discovery subsystem at the place returned has an NQN of its own, `UNIQUE_DISCOVERY_NQN`. */
  uniqueDiscovery(): Address;
}

export interface HostNetwork {
  /** The link behind which `far` lies; `silent` loses every packet. */
  wire(state: "up" | "silent"): void;
  addInterface(name: string, address: string): void;
  removeInterface(name: string): void;
}

export interface HostFiles {
  put(path: string, content: string | Uint8Array): void;
  /** `undefined`: not there. */
  look(path: string): { readonly text: string; readonly mode: number } | undefined;
  names(directory: string): readonly string[];
}

/** The other service: a process of its own on the same bus. */
export interface BusPeer {
  readonly bus: BusPort;
  readonly delivered: readonly Delivered[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface HostBus {
  /** `stac`; the host's own process is `staf`. */
  readonly peer: BusPeer;
  /** Calls as an administrator's tool does, from a connection of its own. */
  clientCall(service: ServiceName, method: string, args: readonly (string | boolean)[]): Promise<BusResult>;
  /** Ends the bus, or starts it anew. */
  set(state: "up" | "down"): Promise<void>;
}

/** A service that is announced at the far end of the link of `ANNOUNCED`: its name says what it is. */
export interface Announcement {
  readonly instance: string;
  readonly port: number;
  readonly txt: readonly string[];
}

export interface HostDiscovery {
  announce(service: Announcement): void;
  goodbye(instance: string): void;
  /** The host's own Avahi, which is up at first. */
  setAvahi(state: "up" | "down"): Promise<void>;
}

export interface ServiceManager {
  /** What it was told, in order: `ready`, `reloading`, `stopping`. */
  told(): readonly string[];
  /** Units that it was asked to restart, in order. */
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
  /** An administrator writes to `reset_controller`. */
  reset(device: string): void;
  sleep(duration: Milliseconds): Promise<void>;
  /** Lets time pass until `find` finds something. Throws `Overdue` after `limit`. */
  until<T>(what: string, find: () => T | undefined, limit: Milliseconds): Promise<T>;
  /** Until every uevent that the kernel has sent so far is delivered. */
  settled(): Promise<void>;
}

/** What a behaviour waited for did not come. */
export class Overdue extends Error {
  override readonly name = "Overdue";

  constructor(what: string) {
    super(what);
  }
}
