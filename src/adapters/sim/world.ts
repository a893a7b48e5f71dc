/** The simulated world: one host, its daemon processes, and the order of events. */
import type { DiscoveryLogEntry } from "../../core/domain/discovery-log.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { SimClock } from "./clock.js";
import { createHeapClock } from "./heap-clock.js";
import { carryOut, type Model, type Models, type WorldAction } from "./actions.js";
import { SimHost, type MakeKernel } from "./host.js";
import { KernelModel, type KernelHandle } from "./kernel/kernel.js";
import type { ConnectionView, ProcessName, WorldObservation } from "./observation.js";
import { type ProcessAction, processesOf, processNames, SimProcess } from "./process.js";
import { randomStream, type RandomStream } from "./random.js";
import type { ReachTarget } from "./net/paths.js";
import type {
  FabricId,
  LinkState,
  ListenerState,
  NameAnswer,
  ProcessTarget,
  ResponderSpec,
  WorldSpec,
} from "./spec.js";
import type { ProcessManager } from "./system.js";
import type { HostFiles, Meeting, SimulatedWorld, WorldHooks } from "./world-api.js";

/** More dispatches than this at one instant count as an endless loop of the core. */
export const DISPATCHES_PER_INSTANT_MAX = 200_000;

/** Exit status of a process whose core threw. */
const CRASH_STATUS = 1;

/** A core never comes to rest at one instant. A bug of ours. */
export class LivelockError extends Error {
  override readonly name = "LivelockError";

  constructor(at: Milliseconds) {
    super(`more than ${String(DISPATCHES_PER_INSTANT_MAX)} events were dispatched at ${String(at)} ms`);
  }
}

interface Slot {
  readonly name: ProcessName;
  process: SimProcess | undefined;
}

/**
 * `apply` may be called from anywhere. Within a port call or an observation it acts at once, and the world dispatches
 * the resulting events when that call has ended.
 */
class World<Handle> implements SimulatedWorld {
  readonly #spec: WorldSpec;
  readonly #hooks: WorldHooks;
  readonly #clock: SimClock;
  readonly #host: SimHost<Handle>;
  readonly #slots: readonly Slot[];
  readonly #models: Models;
  /** The world or a core is acting. The resulting events are dispatched when it has finished. */
  #busy = false;
  #dispatched = 0;
  #instant = Milliseconds(0);
  #atInstant = 0;

  constructor(spec: WorldSpec, hooks: WorldHooks, clock: SimClock, make: MakeKernel<Handle>) {
    this.#spec = spec;
    this.#hooks = hooks;
    this.#clock = clock;
    this.#host = new SimHost(spec, clock, make, (observation) => {
      this.#observe(observation);
    });
    this.#slots = processNames(spec.host).map((name) => ({ name, process: undefined }));
    this.#host.onNetworkNews(() => {
      for (const { process } of this.#slots) process?.deliver({ kind: "network-changed" });
    });
    this.#models = { ...this.#host.models, processes: this.#processes };
  }

  now(): Milliseconds {
    return this.#clock.now();
  }

  nextAt(): Milliseconds | undefined {
    return this.#clock.nextAt();
  }

  step(): void {
    this.#uninterrupted(this.#stepClock);
    this.#drain();
  }

  runUntil(until: Milliseconds): void {
    for (let next = this.#clock.nextAt(); next !== undefined && next <= until; next = this.#clock.nextAt()) this.step();
    this.#clock.advanceTo(until);
  }

  apply(action: WorldAction): void {
    if (this.#busy) {
      this.#perform(action);
      return;
    }
    this.#uninterrupted(() => {
      this.#perform(action);
    });
    this.#drain();
  }

  schedule(at: Milliseconds, callback: () => void): void {
    this.#clock.after(Milliseconds(at - this.#clock.now()), () => {
      // No change is half done here, so events may be dispatched while the callback runs.
      this.#busy = false;
      callback();
      this.#busy = true;
    });
  }

  connections(): readonly ConnectionView[] {
    return this.#host.connections();
  }

  linkState(hostIface: string): LinkState {
    return this.#host.linkState(hostIface);
  }

  listenerStates(peer: FabricId): readonly ListenerState[] {
    return this.#host.listenerStates(peer);
  }

  listedBy(dc: FabricId, listener: number, hostNqn: string): readonly DiscoveryLogEntry[] {
    return this.#host.listedBy(dc, listener, hostNqn);
  }

  nameAnswer(name: string): NameAnswer | undefined {
    return this.#host.nameAnswer(name);
  }

  announced(): readonly ResponderSpec[] {
    return this.#host.announced();
  }

  meets(target: ReachTarget): Meeting | undefined {
    return this.#host.meets(target);
  }

  processes(): readonly ProcessName[] {
    return this.#slots.filter(({ process }) => process !== undefined).map(({ name }) => name);
  }

  readFile(path: string): string | undefined {
    return this.#host.readFile(path);
  }

  get disk(): HostFiles {
    return this.#host.disk;
  }

  dispatched(): number {
    return this.#dispatched;
  }

  #observe(observation: WorldObservation): void {
    this.#hooks.observe(this.#clock.now(), observation);
  }

  #uninterrupted(run: () => void): void {
    this.#busy = true;
    try {
      run();
    } finally {
      this.#busy = false;
    }
  }

  /** Dispatches until every inbox is empty, one event at a time. The processes take turns. */
  #drain(): void {
    this.#uninterrupted(this.#dispatchAll);
  }

  readonly #stepClock = (): void => {
    this.#clock.step();
  };

  readonly #dispatchAll = (): void => {
    for (let more = true; more;) {
      more = false;
      for (const slot of this.#slots) if (this.#dispatchOne(slot)) more = true;
    }
  };

  /** Returns false if nothing waited. */
  #dispatchOne(slot: Slot): boolean {
    const { process } = slot;
    const result = process?.dispatchNext();
    if (process === undefined || result === undefined) return false;
    this.#dispatched += 1;
    const now = this.#clock.now();
    if (now !== this.#instant) {
      this.#instant = now;
      this.#atInstant = 0;
    }
    this.#atInstant += 1;
    if (result.kind === "threw") this.#crash(slot, process, result.error);
    else if (this.#atInstant > DISPATCHES_PER_INSTANT_MAX) {
      this.#atInstant = 0;
      this.#crash(slot, process, new LivelockError(now));
    }
    return true;
  }

  #perform(action: WorldAction): void {
    const missing = carryOut(this.#models, action);
    if (missing !== undefined) this.#ignored(action, missing);
  }

  #ignored({ kind }: WorldAction, target: string): void {
    this.#observe({ kind: "ignored", action: kind, target });
  }

  readonly #processes: Model<ProcessAction> = {
    apply: (action) => {
      for (const slot of this.#targets(action.process)) this.#performOnProcess(slot, action);
      return undefined;
    },
  };

  #targets(target: ProcessTarget): readonly Slot[] {
    const names = processesOf(this.#spec.host, target);
    return this.#slots.filter(({ name }) => names.includes(name));
  }

  #performOnProcess(slot: Slot, action: ProcessAction): void {
    const { name, process } = slot;
    if ((process === undefined) !== (action.kind === "start")) {
      this.#ignored(action, name);
      return;
    }
    switch (action.kind) {
      case "start":
        this.#start(slot);
        return;
      case "stop":
        this.#observe({ kind: "process", process: name, phase: "stopping", status: undefined });
        process?.deliver({ kind: "control", action: "stop" });
        return;
      case "kill":
        if (process !== undefined) this.#end(slot, process, "killed", undefined);
        return;
      case "reload":
        process?.deliver({ kind: "control", action: "reload" });
        return;
    }
  }

  readonly #manager: ProcessManager = {
    notified: (process, phase) => {
      this.#observe({ kind: "process", process: process.name, phase, status: undefined });
    },
    exited: (process, status) => {
      for (const slot of this.#slots) if (slot.process === process) this.#end(slot, process, "exited", status);
    },
  };

  #start(slot: Slot): void {
    const process = new SimProcess(slot.name);
    slot.process = process;
    this.#observe({ kind: "process", process: slot.name, phase: "started", status: undefined });
    try {
      process.boot(this.#hooks.boot(slot.name, this.#host.portsFor(process, this.#manager)));
    } catch (error) {
      this.#crash(slot, process, error);
    }
  }

  #end(slot: Slot, process: SimProcess, phase: "killed" | "exited" | "crashed", status: number | undefined): void {
    process.end();
    if (slot.process === process) slot.process = undefined;
    this.#observe({ kind: "process", process: slot.name, phase, status });
  }

  /** A process that was killed meanwhile cannot crash. */
  #crash(slot: Slot, process: SimProcess, error: unknown): void {
    if (!process.alive) return;
    this.#end(slot, process, "crashed", CRASH_STATUS);
    this.#hooks.crashed(slot.name, error);
  }
}

/** Makes a world over the caller's kernel. */
function createWorldOver<Handle>(
  spec: WorldSpec,
  hooks: WorldHooks,
  clock: SimClock,
  make: MakeKernel<Handle>,
): SimulatedWorld {
  return new World(spec, hooks, clock, make);
}

/** Makes the kernel of a scenario. `boot` adds the scenario's controllers. */
const makeKernel: MakeKernel<KernelHandle> = ({ spec, clock, network, fabric, observe, stepWall }) => {
  const { kernel: kernelSpec, nqn, id } = spec.host;
  const random = (label: string): RandomStream => randomStream(spec.seed, label);
  const host = { nqn, id };
  const kernel = new KernelModel({ clock, random, network, fabric, spec: kernelSpec, host, observe, stepWall });
  return {
    kernel,
    sysfs: kernel,
    boot: () => {
      kernel.boot();
    },
  };
};

/**
 * Makes the world of a spec. No daemon runs yet. The same spec and actions give the same world, on any clock. Observes
 * the initial controllers before it returns. Throws `WorldMisuse` if the spec names something that it does not define.
 */
export function createWorld(spec: WorldSpec, hooks: WorldHooks, clock: SimClock = createHeapClock()): SimulatedWorld {
  return createWorldOver(spec, hooks, clock, makeKernel);
}
