/** A simulated host without its daemons: kernel, network, files, bus and service manager, and the storage around it. */
import { fromHex } from "../../core/codec/text.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { Ports } from "../../core/ports/index.js";
import { SecretVault } from "../shared/secrets.js";
import { SimAvahi } from "./avahi.js";
import { SimBus } from "./bus.js";
import type { SimClock } from "./clock.js";
import { FabricModel } from "./fabric/fabric.js";
import { KernelPorts, type KernelSide, type SysfsReading } from "./kernel-ports.js";
import { MdnsLinks } from "./mdns.js";
import { NetworkModel } from "./net/paths.js";
import { NvmeCli } from "./nvme-cli.js";
import { SimNetworkPort } from "./network-port.js";
import type { ConnectionView, WorldObservation } from "./observation.js";
import { ProcessClock, WallClock, type SimProcess } from "./process.js";
import { SimResolver } from "./resolver.js";
import type { FabricId, WorldAction, WorldSpec } from "./spec.js";
import { SimDisk, SimStore } from "./store.js";
import { SimSystem, UnitJobs, type ProcessManager } from "./system.js";
import { UeventPath } from "./uevent-socket.js";

/** What the wall clock of a world shows when the world is made: 2026-01-01T00:00:00Z. */
export const WALL_START = Milliseconds(1_767_225_600_000);

/** What a kernel is made from. */
interface KernelMaking {
  readonly spec: WorldSpec;
  readonly clock: SimClock;
  readonly network: NetworkModel;
  readonly fabric: FabricModel;
  readonly observe: (observation: WorldObservation) => void;
}

/** A kernel, and the reader of its sysfs. */
interface KernelMade<Handle> {
  readonly kernel: KernelSide<Handle>;
  readonly sysfs: SysfsReading;
  /** Puts in place what is there from the start, once the rest of the host is. */
  boot(): void;
}

export type MakeKernel<Handle> = (making: KernelMaking) => KernelMade<Handle>;

/** What a step does to a daemon process. */
export type ProcessAction = Extract<WorldAction, { readonly kind: "start" | "stop" | "kill" | "reload" }>;

/** What a step does to anything else. */
type HostAction = Exclude<WorldAction, ProcessAction>;

type NetworkAction = Extract<WorldAction, { readonly kind: "link" | "route" | "interface" | "remove-interface" }>;

/** What a step does to the storage around the host. */
type FabricAction = Extract<
  WorldAction,
  { readonly kind: "listener" | "list" | "unlist" | "set-entries" | "ncc" | "aen" | "answers" | "allow-hosts" }
>;

type KernelAction = Extract<
  WorldAction,
  { readonly kind: "remove-device" | "trigger-device" | "reset-device" | "add-device" | "attributes-after" | "uevents" }
>;

type ServiceAction = Exclude<HostAction, NetworkAction | FabricAction | KernelAction>;

export class SimHost<Handle> {
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
  /** Hides secrets in what is observed; the processes have vaults of their own. */
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
    const made = make({ spec, clock, network: this.#network, fabric: this.#fabric, observe: concealing });
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
    this.#writeFiles();
    made.boot();
  }

  connections(): readonly ConnectionView[] {
    return this.#kernel.views();
  }

  readFile(path: string): string | undefined {
    const read = this.disk.read(path);
    return read.ok ? read.value : undefined;
  }

  /** The ports of a process that starts, all its own. Its uevent socket is bound first. */
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
      log: { write: () => undefined },
      mdns: this.#links.attach(process),
      dnssd: this.#avahi.attach(process),
    };
  }

  /** Does something to the host. True where the processes are told that the network changed. */
  perform(action: HostAction): boolean {
    switch (action.kind) {
      case "link":
      case "route":
      case "interface":
      case "remove-interface":
        return this.#performOnNetwork(action);
      case "listener":
      case "list":
      case "unlist":
      case "set-entries":
      case "ncc":
      case "aen":
      case "answers":
      case "allow-hosts":
        if (!this.#fabric.apply(action)) this.#ignored(action.kind, fabricTarget(action));
        return false;
      case "remove-device":
      case "trigger-device":
      case "reset-device":
        if (!this.#kernel.apply(action)) this.#ignored(action.kind, action.target);
        return false;
      case "add-device":
        if (!this.#kernel.apply(action)) this.#ignored(action.kind, action.to);
        return false;
      case "attributes-after":
        this.#kernel.apply(action);
        return false;
      case "uevents":
        this.#uevents.apply(action.fault);
        return false;
      default:
        this.#performOnService(action);
        return false;
    }
  }

  #performOnNetwork(action: NetworkAction): boolean {
    this.#network.apply(action);
    if (action.kind === "link") this.#links.setLink(action.hostIface, action.state);
    else if (action.kind !== "route") this.#links.interfaceChanged(action.name);
    // A link that loses its packets silently is one that nobody is told of.
    return action.kind !== "route" && !(action.kind === "link" && action.state === "silent");
  }

  #performOnService(action: ServiceAction): void {
    switch (action.kind) {
      case "name":
        this.#resolver.set(action.name, action.answer);
        return;
      case "announce":
        this.#links.announce(action.responder);
        return;
      case "goodbye":
        this.#links.goodbye(action.responder);
        return;
      case "avahi":
        this.#avahi.setState(action.state);
        return;
      case "mdns":
        this.#links.applyFault(action.fault);
        return;
      case "datagram":
        this.#links.sendRaw(action.hostIface, action.from, Buffer.from(action.hex, "hex"));
        return;
      case "write-file":
        this.disk.put(action.path, action.text);
        this.#observe({
          kind: "file-written",
          by: "administrator",
          path: action.path,
          bytes: Buffer.byteLength(action.text),
        });
        return;
      case "remove-file":
        this.disk.remove(action.path);
        return;
      case "disk":
        this.disk.state = action.state;
        return;
      case "bus":
        this.#bus.setUp(action.state);
        return;
      case "bus-call":
        this.#bus.clientCall(action.service, action.method, action.args, action.uid);
        return;
      case "unit":
        this.#units.setDuration(action.name, action.takes);
        return;
      case "wall-clock":
        this.#wall.step(action.step);
        return;
    }
  }

  #ignored(action: WorldAction["kind"], target: string): void {
    this.#observe({ kind: "ignored", action, target });
  }

  /** nvme-cli hears of every event of the kernel from its boot on. */
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

  /** Device names of a fabric id: every controller to it at this moment. */
  #namesOf(target: FabricId): readonly string[] {
    const names: string[] = [];
    for (const { peer, name } of this.#kernel.views()) if (peer === target) names.push(name);
    return names;
  }
}

function fabricTarget(action: FabricAction): FabricId {
  switch (action.kind) {
    case "listener":
      return action.id;
    case "allow-hosts":
      return action.subsystem;
    default:
      return action.dc;
  }
}
