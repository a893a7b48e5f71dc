import { Milliseconds } from "../../core/domain/units.js";
import { Inbox } from "../../core/inbox.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { ClockPort } from "../../core/ports/clock.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { ControlEvent } from "../../core/ports/system.js";
import type { Cancel, SimClock } from "./clock.js";
import type { ProcessName } from "./observation.js";
import type { HostSpec, ProcessTarget } from "./spec.js";

/** A running daemon process: one core behind its ports. */
export interface DaemonProcess {
  dispatch(event: CoreEvent): void;
}

/** How a dispatch ended. `threw`: a bug of ours. */
type DispatchResult = { readonly kind: "done" } | { readonly kind: "threw"; readonly error: unknown };

const DONE: DispatchResult = { kind: "done" };
const START: ControlEvent = { kind: "control", action: "start" };

/**
 * One life of a daemon process, from its start to its exit, kill or crash. A restart makes another.
 *
 * After the end its ports do nothing and it receives nothing. This also holds if it ended in the middle of its own
 * dispatch: what its core still does then has no effect.
 */
export class SimProcess {
  readonly name: ProcessName;
  readonly services: readonly ServiceName[];
  readonly #inbox = new Inbox();
  readonly #atEnd: (() => void)[] = [];
  #core: DaemonProcess | undefined;
  #alive = true;
  #started = false;

  constructor(name: ProcessName) {
    this.name = name;
    this.services = servicesOf(name);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Sets the core of the process. */
  boot(core: DaemonProcess): void {
    this.#core = core;
  }

  /** Runs `undo` when the process ends, for whatever reason: closes sockets, cancels timers. */
  atEnd(undo: () => void): void {
    this.#atEnd.push(undo);
  }

  /** Puts an event into the inbox. Drops it if the process has ended. */
  deliver(event: CoreEvent): void {
    if (this.#alive) this.#inbox.put(event);
  }

  /** Dispatches one waiting event, `control start` before all others. Returns `undefined` if nothing waits. */
  dispatchNext(): DispatchResult | undefined {
    const core = this.#core;
    if (!this.#alive || core === undefined) return undefined;
    const event = this.#started ? this.#inbox.take() : START;
    if (event === undefined) return undefined;
    this.#started = true;
    try {
      core.dispatch(event);
    } catch (error) {
      return { kind: "threw", error };
    }
    return DONE;
  }

  /** Ends the process at once. No effect if it has ended. */
  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#core = undefined;
    for (const undo of this.#atEnd) undo();
    this.#atEnd.length = 0;
  }
}

/** What can be done to daemon processes. */
export type ProcessAction =
  | { readonly kind: "start"; readonly process: ProcessTarget }
  /** Asks it to stop. */
  | { readonly kind: "stop"; readonly process: ProcessTarget }
  | { readonly kind: "kill"; readonly process: ProcessTarget }
  /** Asks it to reload its configuration. */
  | { readonly kind: "reload"; readonly process: ProcessTarget };

/** Whose each of these actions is: see `TARGETS`. */
export const PROCESS_ACTIONS: Readonly<Record<ProcessAction["kind"], "processes">> = {
  start: "processes",
  stop: "processes",
  kill: "processes",
  reload: "processes",
};

/** The processes of a host, in the order in which they receive events. */
export function processNames(host: HostSpec): readonly ProcessName[] {
  return host.processes === "one" ? ["stas"] : ["staf", "stac"];
}

/** The processes that a step means. If one process runs both services, every target means that process. */
export function processesOf(host: HostSpec, target: ProcessTarget): readonly ProcessName[] {
  if (host.processes === "one") return ["stas"];
  return target === "both" ? ["staf", "stac"] : [target];
}

function servicesOf(name: ProcessName): readonly ServiceName[] {
  return name === "stas" ? ["staf", "stac"] : [name];
}

/** A step of the wall clock, forward or back. It does not affect timers. */
export interface ClockAction {
  readonly kind: "wall-clock";
  readonly step: Milliseconds;
}

/** Whose each of these actions is: see `TARGETS`. */
export const CLOCK_ACTIONS: Readonly<Record<ClockAction["kind"], "clock">> = { "wall-clock": "clock" };

/** The wall clock of a host. It may step; monotonic time does not. */
export class WallClock {
  readonly #clock: SimClock;
  #offset: number;

  constructor(clock: SimClock, start: Milliseconds) {
    this.#clock = clock;
    this.#offset = start;
  }

  now(): Milliseconds {
    return Milliseconds(this.#clock.now() + this.#offset);
  }

  apply({ step }: ClockAction): undefined {
    this.#offset += step;
  }
}

/** The named timers of one process. */
export class ProcessClock implements ClockPort {
  readonly #process: SimProcess;
  readonly #clock: SimClock;
  readonly #wall: WallClock;
  readonly #armed = new Map<string, Cancel>();

  constructor(process: SimProcess, clock: SimClock, wall: WallClock) {
    this.#process = process;
    this.#clock = clock;
    this.#wall = wall;
    process.atEnd(() => {
      for (const cancel of this.#armed.values()) cancel();
      this.#armed.clear();
    });
  }

  now(): Milliseconds {
    return this.#clock.now();
  }

  wallTime(): Milliseconds {
    return this.#wall.now();
  }

  arm(timer: string, delay: Milliseconds): void {
    if (!this.#process.alive) return;
    this.#armed.get(timer)?.();
    const fire = (): void => {
      this.#armed.delete(timer);
      this.#process.deliver({ kind: "timer", timer });
    };
    this.#armed.set(timer, this.#clock.after(delay, fire));
  }

  disarm(timer: string): void {
    const cancel = this.#armed.get(timer);
    if (cancel === undefined) return;
    cancel();
    this.#armed.delete(timer);
  }
}
