/** The daemon processes of a run and what their cores say. */
import type { ProcessName, WorldObservation } from "../../adapters/sim/observation.js";
import type { DaemonProcess } from "../../adapters/sim/process.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { CoreEvent, Ports } from "../../core/ports/index.js";
import type { ControllerDescription, ObservedCore, Reconciles } from "../core-view.js";
import { setArmed } from "../tripwire.js";
import { eventText } from "../trace/event-text.js";
import type { Machinery } from "./machinery.js";
import type { CoreServices } from "../../core/core.js";

/** Recent events kept, to report what happened last. */
const RECENT_EVENTS = 256;

const SERVICES: Readonly<Record<ProcessName, CoreServices>> = { stas: "both", staf: "staf", stac: "stac" };

export interface ProcessHooks {
  now(): Milliseconds;
  record(process: ProcessName, body: string): void;
  /** An event is about to enter a core. The hook may kill the process. */
  entering(process: ProcessName, event: CoreEvent): void;
  /** A core has handled an event, or threw. `reconciles`: how often each service reconciled in it. */
  handled(process: ProcessName, reconciles: Reconciles): void;
}

interface Running {
  core: ObservedCore;
  readonly startedAt: Milliseconds;
  reconciles: Reconciles;
}

interface RecentEvent {
  readonly at: Milliseconds;
  readonly process: ProcessName;
  readonly body: string;
}

export class Processes {
  readonly #machinery: Machinery;
  readonly #hooks: ProcessHooks;
  /** Replaces each core with its restored snapshot before every n-th event; 0: never. */
  readonly #restoreEvery: number;
  readonly #running = new Map<ProcessName, Running>();
  readonly #lastStatus = new Map<ProcessName, number>();
  readonly #recent: RecentEvent[] = [];
  #events = 0;
  #dispatching = false;

  constructor(machinery: Machinery, restoreEvery: number, hooks: ProcessHooks) {
    this.#machinery = machinery;
    this.#restoreEvery = restoreEvery;
    this.#hooks = hooks;
  }

  boot(process: ProcessName, ports: Ports): DaemonProcess {
    const make = (): ObservedCore => this.#machinery.createCore(ports, SERVICES[process]);
    const core = guarded(make);
    const running: Running = { core, startedAt: this.#hooks.now(), reconciles: core.reconciles() };
    this.#running.set(process, running);
    return {
      dispatch: (event) => {
        this.#dispatch(process, running, ports, event);
      },
    };
  }

  observed(seen: WorldObservation): void {
    if (seen.kind !== "process") return;
    if (seen.phase === "exited" || seen.phase === "killed" || seen.phase === "crashed") {
      this.#running.delete(seen.process);
      if (seen.status === undefined) this.#lastStatus.delete(seen.process);
      else this.#lastStatus.set(seen.process, seen.status);
    }
  }

  /** Whether a core is in the middle of an event. */
  get dispatching(): boolean {
    return this.#dispatching;
  }

  startedAt(process: ProcessName): Milliseconds | undefined {
    return this.#running.get(process)?.startedAt;
  }

  describe(): readonly ControllerDescription[] {
    return [...this.#running.values()].flatMap(({ core }) => core.describe());
  }

  pending(): readonly string[] {
    return [...this.#running.values()].flatMap(({ core }) => core.pending());
  }

  serviceState(service: ServiceName): { readonly running: boolean; readonly status: number | undefined } {
    const running = this.#running.has("stas") || this.#running.has(service);
    return { running, status: this.#lastStatus.get(service) ?? this.#lastStatus.get("stas") };
  }

  /** Describes the last event about the controller of an obligation, or else the last event. */
  lastEventAbout(obligation: string): string {
    const words = this.describe()
      .filter(({ controller }) => obligation.includes(controller))
      .flatMap(({ id, device, transportId }) => [` ${id}"`, device, transportId.traddr])
      .filter((word) => word !== "");
    const about = this.#recentFirst().find(({ body }) => words.some((word) => body.includes(word)));
    const last = about ?? this.#recentFirst()[0];
    if (last === undefined) return "no event was dispatched";
    const what = about === undefined ? "last event" : "last event about it";
    return `${what}, at ${String(last.at / 1000)} s to ${last.process}: {${last.body.slice(0, 300)}}`;
  }

  #recentFirst(): readonly RecentEvent[] {
    const next = this.#events % RECENT_EVENTS;
    return [...this.#recent.slice(next), ...this.#recent.slice(0, next)].reverse();
  }

  #dispatch(process: ProcessName, running: Running, ports: Ports, event: CoreEvent): void {
    this.#dispatching = true;
    try {
      this.#handle(process, running, ports, event);
    } finally {
      this.#dispatching = false;
    }
  }

  #handle(process: ProcessName, running: Running, ports: Ports, event: CoreEvent): void {
    const body = eventText(event);
    this.#hooks.record(process, body);
    this.#recent[this.#events % RECENT_EVENTS] = { at: this.#hooks.now(), process, body };
    this.#events += 1;
    this.#hooks.entering(process, event);
    if (this.#running.get(process) !== running) return;
    if (this.#restoreEvery > 0 && this.#events % this.#restoreEvery === 0) {
      running.core = guarded(() => this.#machinery.restoreCore(ports, running.core));
    }
    const before = setArmed(true);
    try {
      running.core.dispatch(event);
    } finally {
      setArmed(before);
      this.#handled(process, running);
    }
  }

  #handled(process: ProcessName, running: Running): void {
    const before = running.reconciles;
    const after = running.core.reconciles();
    running.reconciles = after;
    this.#hooks.handled(process, { staf: after.staf - before.staf, stac: after.stac - before.stac });
  }
}

/** Runs code of a core with the tripwire armed. */
function guarded<T>(run: () => T): T {
  const before = setArmed(true);
  try {
    return run();
  } finally {
    setArmed(before);
  }
}
