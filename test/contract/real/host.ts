/** The contract suite's host on a real kernel: one behaviour's view of the world. */
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { BusPort } from "../../../src/core/ports/bus.js";
import type { CoreEvent, Ports } from "../../../src/core/ports/index.js";
import { RequestId } from "../../../src/core/ports/request.js";
import type { HandleId, SysfsPort } from "../../../src/core/ports/sysfs.js";
import type {
  ContractHost,
  Delivered,
  HostBus,
  HostDiscovery,
  HostFiles,
  HostNetwork,
  LogLine,
  MeasuredKernel,
  ServiceManager,
  Storage,
} from "../host.js";
import type { PortName } from "../behaviour.js";
import { RealHostBus } from "./bus.js";
import type { RealWorld } from "./world.js";

/** Without a uevent for this long, all that were sent are delivered. */
const QUIET_FOR = Milliseconds(120);

let nextRequest = 1;

export class RealContractHost implements ContractHost {
  readonly kernel: MeasuredKernel;
  readonly delivered: Delivered[] = [];
  readonly #world: RealWorld;
  readonly #logMark: number;
  readonly #opened: HandleId[] = [];
  readonly #stopListening: () => void;
  #bus: RealHostBus | undefined;

  private constructor(kernel: MeasuredKernel, world: RealWorld) {
    this.kernel = kernel;
    this.#world = world;
    this.#logMark = world.logLines().length;
    world.manager.begin();
    this.#stopListening = world.listen((delivered) => this.delivered.push(delivered));
  }

  /** Opens a host for a behaviour of this port. For the bus port, the host joins the bus first. */
  static async open(kernel: MeasuredKernel, world: RealWorld, port: PortName): Promise<RealContractHost> {
    const host = new RealContractHost(kernel, world);
    if (port !== "bus") return host;
    const { busDaemon: daemon } = world;
    const { log } = world.ports;
    const deliver = (event: CoreEvent): void => {
      host.delivered.push({ at: host.now(), event });
    };
    host.#bus = await RealHostBus.open({ daemon, log, host }, deliver);
    return host;
  }

  close(): void {
    this.#stopListening();
    for (const handle of this.#opened) this.#world.ports.sysfs.close(handle);
    this.#bus?.close();
  }

  get ports(): Ports {
    const bus = (): BusPort => this.#openBus().port;
    return {
      ...this.#world.ports,
      sysfs: this.#sysfs,
      get bus() {
        return bus();
      },
    };
  }

  /** Remembers opened handles: an open handle keeps a controller's number in use. */
  get #sysfs(): SysfsPort {
    const { sysfs } = this.#world.ports;
    return {
      list: () => sysfs.list(),
      read: (name) => sysfs.read(name),
      open: (name, purpose) => {
        const opened = sysfs.open(name, purpose);
        if (opened.ok) this.#opened.push(opened.handle);
        return opened;
      },
      close: (handle) => {
        sysfs.close(handle);
      },
      delete: (request, handle) => {
        sysfs.delete(request, handle);
      },
    };
  }

  get bus(): HostBus {
    return this.#openBus();
  }

  get storage(): Storage {
    return this.#world.storage;
  }

  get network(): HostNetwork {
    return this.#world.network;
  }

  get discovery(): HostDiscovery {
    return this.#world.discovery;
  }

  get files(): HostFiles {
    return this.#world.files;
  }

  get manager(): ServiceManager {
    return this.#world.manager;
  }

  logged(): readonly LogLine[] {
    return this.#world.logLines().slice(this.#logMark);
  }

  now(): Milliseconds {
    return this.#world.now();
  }

  request(): RequestId {
    return RequestId(nextRequest++);
  }

  reset(device: string): void {
    this.#world.reset(device);
  }

  async sleep(duration: Milliseconds): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, duration));
  }

  async settled(): Promise<void> {
    const from = this.now();
    const lastUevent = (): number => this.delivered.findLast(({ event }) => event.kind === "uevent")?.at ?? from;
    const quiet = (): true | undefined => (this.now() - Math.max(from, lastUevent()) >= QUIET_FOR ? true : undefined);
    await this.until("uevents to stop", quiet, Milliseconds(10_000));
  }

  async until<T>(what: string, find: () => T | undefined, limit: Milliseconds): Promise<T> {
    return await this.#world.until(what, find, limit);
  }

  #openBus(): RealHostBus {
    if (this.#bus === undefined) throw new Error("only behaviours of the bus port join the bus");
    return this.#bus;
  }
}
