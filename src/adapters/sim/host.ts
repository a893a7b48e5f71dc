/** A simulated host without its daemons: kernel, network, files, bus and service manager. Also the storage around it. */
import { fromHex } from "../../core/codec/text.js";
import type { DiscoveryLogEntry } from "../../core/domain/discovery-log.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { Ports } from "../../core/ports/index.js";
import { SecretVault } from "../shared/secrets.js";
import type { Models } from "./actions.js";
import { SimAvahi } from "./avahi.js";
import { SimBus } from "./bus.js";
import type { SimClock } from "./clock.js";
import { FabricModel } from "./fabric/fabric.js";
import { KernelPorts, type KernelSide, type SysfsReading } from "./kernel-ports.js";
import { MdnsLinks } from "./mdns.js";
import { NetworkModel, type ReachTarget } from "./net/paths.js";
import { NvmeCli } from "./nvme-cli.js";
import { SimNetworkPort } from "./network-port.js";
import type { ConnectionView, WorldObservation } from "./observation.js";
import { ProcessClock, WallClock, type SimProcess } from "./process.js";
import { SimResolver } from "./resolver.js";
import type { FabricId, LinkState, ListenerState, NameAnswer, ResponderSpec, WorldSpec } from "./spec.js";
import { SimDisk, SimStore } from "./store.js";
import { SimSystem, UnitJobs, type ProcessManager } from "./system.js";
import { UeventPath } from "./uevent-socket.js";
import type { Meeting } from "./world-api.js";

/** The wall-clock time at which a world starts: 2026-01-01T00:00:00Z. */
export const WALL_START = Milliseconds(1_767_225_600_000);

/** What a kernel is made from. */
interface KernelMaking {
  readonly spec: WorldSpec;
  readonly clock: SimClock;
  readonly network: NetworkModel;
  readonly fabric: FabricModel;
  readonly observe: (observation: WorldObservation) => void;
  readonly stepWall: (by: Milliseconds) => void;
}

/** A kernel and the reader of its sysfs. */
interface KernelMade<Handle> {
  readonly kernel: KernelSide<Handle>;
  readonly sysfs: SysfsReading;
  /** Adds the initial controllers, once the rest of the host is ready. */
  boot(): void;
}

export type MakeKernel<Handle> = (making: KernelMaking) => KernelMade<Handle>;

/** The models of the host and of the storage around it. */
export type HostModels = Omit<Models, "processes">;

export class SimHost<Handle> {
  /** These carry out the actions of a scenario. */
  readonly models: HostModels;
  readonly #spec: WorldSpec;
  readonly #clock: SimClock;
  readonly #observe: (observation: WorldObservation) => void;
  readonly #wall: WallClock;
  readonly #network: NetworkModel;
  readonly #fabric: FabricModel;
  readonly #kernel: KernelSide<Handle>;
  readonly #sysfs: SysfsReading;
  readonly #uevents: UeventPath;
  readonly #resolver: SimResolver;
  readonly disk: SimDisk;
  readonly #bus: SimBus;
  readonly #units: UnitJobs;
  readonly #links: MdnsLinks;
  readonly #avahi: SimAvahi;
  /** Hides secrets in observations. Each process has a vault of its own. */
  readonly #vault = new SecretVault();

  constructor(
    spec: WorldSpec,
    clock: SimClock,
    make: MakeKernel<Handle>,
    observe: (observation: WorldObservation) => void,
  ) {
    this.#spec = spec;
    this.#clock = clock;
    this.#observe = observe;
    this.#wall = new WallClock(clock, WALL_START);
    this.#network = new NetworkModel(spec.network, spec.host.interfaces);
    this.#fabric = new FabricModel(spec.fabric, this.#network);
    this.#fabric.onRegistered((peer, { hostNqn, symname }) => {
      observe({ kind: "registered", peer, hostNqn, symname });
    });
    this.#uevents = new UeventPath(clock, observe, (target) => this.#namesOf(target));
    const concealing = (observation: WorldObservation): void => {
      observe(this.#concealed(observation));
    };
    const stepWall = (step: Milliseconds): void => {
      this.#wall.apply({ kind: "wall-clock", step });
    };
    const made = make({ spec, clock, network: this.#network, fabric: this.#fabric, observe: concealing, stepWall });
    this.#kernel = made.kernel;
    this.#sysfs = made.sysfs;
    this.#kernel.onUevent((message, header) => {
      this.#uevents.send(message, header);
    });
    this.#resolver = new SimResolver(clock, spec.network.names);
    this.disk = new SimDisk(observe);
    this.#bus = new SimBus(clock, observe);
    this.#units = this.#unitsWithNvmeCli();
    this.#links = new MdnsLinks(clock, this.#network, spec.network, spec.seed);
    this.#avahi = new SimAvahi(clock, this.#links, spec.network);
    this.models = {
      kernel: this.#kernel,
      uevents: this.#uevents,
      fabric: this.#fabric,
      network: this.#network,
      names: this.#resolver,
      mdns: this.#links,
      avahi: this.#avahi,
      files: this.disk,
      bus: this.#bus,
      units: this.#units,
      clock: this.#wall,
    };
    this.#writeFiles();
    made.boot();
  }

  /** Calls back when the network has changed in a way that processes notice. */
  onNetworkNews(callback: () => void): void {
    this.#network.onChange((change) => {
      // No process notices a change of a route, or a link that loses its packets silently.
      if (change.kind === "route" || (change.kind === "link" && change.state === "silent")) return;
      callback();
    });
  }

  connections(): readonly ConnectionView[] {
    return this.#kernel.views();
  }

  linkState(hostIface: string): LinkState {
    return this.#network.linkState(hostIface);
  }

  listenerStates(peer: FabricId): readonly ListenerState[] {
    return this.#fabric.peer(peer)?.listeners.map(({ state }) => state) ?? [];
  }

  listedBy(dc: FabricId, listener: number, hostNqn: string): readonly DiscoveryLogEntry[] {
    return this.#fabric.listedBy(dc, listener, hostNqn);
  }

  nameAnswer(name: string): NameAnswer | undefined {
    return this.#resolver.answerFor(name);
  }

  announced(): readonly ResponderSpec[] {
    return this.#links.heard();
  }

  meets(target: ReachTarget): Meeting | undefined {
    const outcome = this.#network.reach(target);
    if (outcome.kind === "errno") return undefined;
    const up = outcome.listeners.filter(({ state }) => state === "up").map(({ peer }) => peer);
    return { iface: outcome.iface, up };
  }

  readFile(path: string): string | undefined {
    const read = this.disk.read(path);
    return read.ok ? read.value : undefined;
  }

  /** Makes the ports of a process that starts. Binds its uevent socket first. */
  portsFor(process: SimProcess, manager: ProcessManager): Ports {
    this.#uevents.bind(process, this.#spec.host.kernel.ueventBuffer);
    const vault = new SecretVault();
    const kernel = new KernelPorts(process, this.#kernel, this.#sysfs, vault);
    return {
      clock: new ProcessClock(process, this.#clock, this.#wall),
      sysfs: kernel,
      fabrics: kernel,
      network: new SimNetworkPort(process, this.#clock, this.#network, this.#resolver, this.#spec.host),
      store: new SimStore(process, this.disk, this.#clock, vault),
      bus: this.#bus.attach(process),
      system: new SimSystem(process, this.#units, this.disk, manager),
      log: { write: () => undefined, setDebug: () => undefined },
      mdns: this.#links.attach(process),
      dnssd: this.#avahi.attach(process),
    };
  }

  /** nvme-cli receives every uevent from the boot on. */
  #unitsWithNvmeCli(): UnitJobs {
    const host = this.#spec.host;
    if (host.nvmeCli === "absent") return new UnitJobs(this.#clock, this.#observe);
    const units = new UnitJobs(this.#clock, this.#observe, (unit) => {
      nvmeCli.run(unit);
    });
    const parts = { clock: this.#clock, kernel: this.#kernel, sysfs: this.#sysfs, disk: this.disk };
    const nvmeCli = new NvmeCli({ host, ...parts, units });
    this.#kernel.onUevent((message) => {
      nvmeCli.uevent(message);
    });
    return units;
  }

  #writeFiles(): void {
    const { nqn, id, files, binaryFiles } = this.#spec.host;
    this.disk.put("/etc/nvme/hostnqn", `${nqn}\n`);
    this.disk.put("/etc/nvme/hostid", `${id}\n`);
    for (const [path, text] of Object.entries(files)) this.disk.put(path, text);
    for (const [path, hex] of Object.entries(binaryFiles)) this.disk.put(path, fromHex(hex));
  }

  #concealed(observation: WorldObservation): WorldObservation {
    if (observation.kind !== "connect-begin" && observation.kind !== "connect-end") return observation;
    const options = this.#vault.concealOptions(observation.options);
    return options === observation.options ? observation : { ...observation, options };
  }

  /** The device names of a fabric id: every controller that is connected to it now. */
  #namesOf(target: FabricId): readonly string[] {
    const names: string[] = [];
    for (const { peer, name } of this.#kernel.views()) if (peer === target) names.push(name);
    return names;
  }
}
