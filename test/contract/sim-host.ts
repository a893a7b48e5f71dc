/** The contract suite's host in the simulated world. */
import { createWorld } from "../../src/adapters/sim/world.js";
import type { SimulatedWorld } from "../../src/adapters/sim/world-api.js";
import type { ProcessName, WorldObservation } from "../../src/adapters/sim/observation.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import type { BusPort, BusResult, ServiceName } from "../../src/core/ports/bus.js";
import type { CoreEvent, Ports } from "../../src/core/ports/index.js";
import type { LogRecord } from "../../src/core/ports/log.js";
import { RequestId } from "../../src/core/ports/request.js";
import { tracedPorts } from "../../src/harness/trace/traced-ports.js";
import type {
  BusPeer,
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
} from "./host.js";
import { ANNOUNCED } from "./stage.js";
import { SimStorage } from "./sim-storage.js";
import { specOf } from "./sim-spec.js";
import { Waiting } from "./waiting.js";

/** Covers the delivery of uevents and a daemon's own small jobs. */
const SETTLES_IN = Milliseconds(100);

/** Steps of the world per turn of the event loop. */
const STEPS_A_TURN = 1_000;

interface Process {
  ports: Ports | undefined;
  readonly delivered: Delivered[];
}

export class SimContractHost implements ContractHost {
  readonly kernel: MeasuredKernel;
  readonly storage: Storage;
  readonly #tamper: (event: CoreEvent) => CoreEvent;
  readonly #world: SimulatedWorld;
  readonly #waiting = new Waiting();
  readonly #processes = new Map<ProcessName, Process>();
  readonly #seen: WorldObservation[] = [];
  readonly #logged: string[] = [];
  #nextRequest = 1;
  #turn: NodeJS.Immediate | undefined;

  /** `tamper` changes delivered events, to prove that the suite notices. */
  constructor(kernel: MeasuredKernel, tamper: (event: CoreEvent) => CoreEvent = (event) => event) {
    this.kernel = kernel;
    this.#tamper = tamper;
    this.#world = createWorld(specOf(kernel), {
      boot: (name, ports) => this.#boot(name, ports),
      observe: (_, observation) => this.#seen.push(observation),
      crashed: (_, error) => {
        throw error;
      },
    });
    this.storage = new SimStorage((action) => {
      this.#world.apply(action);
    });
    this.#world.apply({ kind: "start", process: "staf" });
  }

  get ports(): Ports {
    const { ports } = this.#process("staf");
    if (ports === undefined) throw new Error("staf never started");
    return ports;
  }

  get delivered(): readonly Delivered[] {
    return this.#process("staf").delivered;
  }

  now(): Milliseconds {
    return this.#world.now();
  }

  request(): RequestId {
    return RequestId(this.#nextRequest++);
  }

  reset(device: string): void {
    this.#world.apply({ kind: "reset-device", target: device });
  }

  async sleep(duration: Milliseconds): Promise<void> {
    const end = Milliseconds(this.now() + duration);
    this.#world.schedule(end, () => undefined);
    await this.until("the end of a sleep", () => (this.now() >= end ? true : undefined), Milliseconds(duration + 1));
  }

  async settled(): Promise<void> {
    await this.sleep(SETTLES_IN);
  }

  async until<T>(what: string, find: () => T | undefined, limit: Milliseconds): Promise<T> {
    const found = this.#waiting.add(what, find, this.now() + limit);
    // Events that a call put in the inbox are dispatched with the next step, so make sure that there is one.
    this.#world.schedule(this.now(), () => undefined);
    this.#run();
    return await found;
  }

  readonly network: HostNetwork = {
    wire: (state) => {
      this.#world.apply({ kind: "link", hostIface: "vh", state });
    },
    addInterface: (name, address) => {
      this.#world.apply({ kind: "interface", name, mac: "02:00:00:00:00:99", addresses: [address] });
    },
    removeInterface: (name) => {
      this.#world.apply({ kind: "remove-interface", name });
    },
  };

  readonly discovery: HostDiscovery = {
    announce: ({ instance, port, txt }) => {
      const { hostIface, far } = ANNOUNCED;
      this.#world.apply({
        kind: "announce",
        responder: {
          id: instance,
          hostIface,
          instance,
          type: "_nvme-disc._tcp",
          hostName: "far.local",
          addresses: [far],
          port,
          txt,
          ttl: Milliseconds(120_000),
          hosts: 1,
          additional: true,
          announced: true,
        },
      });
    },
    goodbye: (instance) => {
      this.#world.apply({ kind: "goodbye", responder: instance });
    },
    setAvahi: async (state) => {
      this.#world.apply({ kind: "avahi", state });
      await this.settled();
    },
  };

  readonly files: HostFiles = {
    put: (path, content) => {
      this.#world.disk.put(path, content);
    },
    look: (path) => {
      const read = this.#world.disk.read(path);
      return read.ok ? { text: read.value, mode: this.#world.disk.mode(path) } : undefined;
    },
    names: (directory) => this.#world.disk.list(directory),
  };

  readonly manager: ServiceManager = {
    told: () =>
      this.#seen
        .flatMap((seen) => (seen.kind === "process" && seen.process === "staf" ? [seen.phase] : []))
        .filter((phase) => phase !== "started"),
    restarted: () =>
      this.#seen.flatMap((seen) => (seen.kind === "unit-job" && seen.job === "restart" ? [seen.unit] : [])),
  };

  get bus(): HostBus {
    return {
      peer: this.#peer(),
      clientCall: async (service, method, args) => await this.#clientCall(service, method, args),
      set: async (state) => {
        this.#world.apply({ kind: "bus", state });
        await this.settled();
      },
    };
  }

  logged(): readonly LogLine[] {
    return this.#logged.map((line) => {
      const { level, text } = JSON.parse(line) as LogRecord;
      return { level, text };
    });
  }

  #process(name: ProcessName): Process {
    let process = this.#processes.get(name);
    if (process === undefined) this.#processes.set(name, (process = { ports: undefined, delivered: [] }));
    return process;
  }

  #boot(name: ProcessName, ports: Ports): { dispatch: (event: Delivered["event"]) => void } {
    const process = this.#process(name);
    process.ports = tracedPorts(
      ports,
      {
        record: (_, body) => {
          if (body.startsWith('"call":"log.write"')) this.#logged.push(`{${body}}`);
        },
        called: () => undefined,
        logged: () => undefined,
      },
      name,
    );
    return {
      dispatch: (event) => {
        if (event.kind !== "control") process.delivered.push({ at: this.now(), event: this.#tamper(event) });
      },
    };
  }

  #peer(): BusPeer {
    const process = this.#process("stac");
    return {
      get bus(): BusPort {
        if (process.ports === undefined) throw new Error("stac never started");
        return process.ports.bus;
      },
      delivered: process.delivered,
      start: async () => {
        this.#world.apply({ kind: "start", process: "stac" });
        await this.settled();
      },
      stop: async () => {
        this.#world.apply({ kind: "kill", process: "stac" });
        await this.settled();
      },
    };
  }

  async #clientCall(service: ServiceName, method: string, args: readonly (string | boolean)[]): Promise<BusResult> {
    const mark = this.#seen.length;
    this.#world.apply({ kind: "bus-call", service, method, args, uid: 0 });
    const find = (): BusResult | undefined => {
      for (const seen of this.#seen.slice(mark))
        if (seen.kind === "bus-reply" && seen.method === method) return seen.result;
      return undefined;
    };
    return await this.until(`${method} of ${service}`, find, Milliseconds(60_000));
  }

  /** Steps the world while something waits, and stops as soon as a waiter settles. */
  #run(): void {
    if (this.#turn !== undefined) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      for (let steps = 0; steps < STEPS_A_TURN && this.#waiting.someone; steps++) {
        if (this.#waiting.tell(this.now()) > 0) break;
        const next = this.#world.nextAt();
        if (next === undefined || next > this.#waiting.patience)
          this.#world.runUntil(Milliseconds(this.#waiting.patience));
        else this.#world.step();
      }
      if (this.#waiting.someone) this.#run();
    });
  }
}
