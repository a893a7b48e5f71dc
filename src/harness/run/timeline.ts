/** Carries out the steps of a scenario, each at its time or when its trigger comes. */
import type { ProcessName, WorldObservation } from "../../adapters/sim/observation.js";
import type { SimulatedWorld } from "../../adapters/sim/world-api.js";
import type { BusCallId } from "../../core/ports/bus.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { RequestId } from "../../core/ports/request.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { ControllerIndex } from "../controllers.js";
import type { PortCall } from "../trace/teller.js";
import type { Step } from "../vocabulary/timeline.js";
import type { CallPhase, Happening, TriggerWord } from "../vocabulary/triggers/happening.js";
import { type Occasion, triggerWord } from "../vocabulary/triggers/index.js";

/** A step whose trigger has not come yet. */
interface Waiting {
  readonly step: Step;
  readonly trigger: Occasion;
  readonly word: TriggerWord<Occasion>;
  /** Occurrences still to come before the step happens. */
  left: number;
}

export interface TimelineHooks {
  /** Carries out a step. */
  carryOut(step: Step): void;
  now(): Milliseconds;
}

/** Calls of a process that wait for an answer, by request number. Recorded only while a step waits for a call. */
type OpenCalls = Map<ProcessName, { readonly requests: Map<RequestId, string>; readonly bus: Map<BusCallId, string> }>;

export class Timeline {
  readonly #steps: readonly Step[];
  readonly #world: SimulatedWorld;
  readonly #hooks: TimelineHooks;
  readonly #controllers: ControllerIndex;
  readonly #done = new Set<Step>();
  /** Steps by the happening that they wait for, in the order of the file. */
  readonly #waiting: Readonly<Record<Happening["kind"], Waiting[]>> = {
    call: [],
    step: [],
    "uevent-sent": [],
    "uevent-received": [],
    observed: [],
  };
  readonly #open: OpenCalls = new Map();
  /** Uevents received so far: the kernel sends one message to the socket of each process. */
  readonly #received = new WeakSet<Uint8Array>();

  constructor(steps: readonly Step[], world: SimulatedWorld, controllers: ControllerIndex, hooks: TimelineHooks) {
    this.#steps = steps;
    this.#world = world;
    this.#controllers = controllers;
    this.#hooks = hooks;
    for (const step of steps) this.#await(step);
  }

  /** Steps whose trigger never came. */
  missed(): readonly Step[] {
    return this.#steps.filter((step) => !this.#done.has(step));
  }

  /** The world did something. */
  observed(seen: WorldObservation): void {
    if (seen.kind === "uevent") this.#happened({ kind: "uevent-sent", header: seen.header });
    else if (this.#awaited("observed")) this.#happened({ kind: "observed", seen });
  }

  /** A port is about to be called, or was called. */
  called(call: PortCall): void {
    if (!this.#awaited("call")) return;
    const open = this.#openOf(call.process);
    if (call.phase === "before" && call.request !== undefined) open.requests.set(call.request, call.name);
    const method = call.replyTo === undefined ? undefined : open.bus.get(call.replyTo);
    this.#reached(call.name, call.phase);
    if (method === undefined) return;
    // The caller of the method receives the answer after `bus.reply`.
    this.#reached(method, call.phase === "before" ? "before-reply" : "after");
    if (call.phase === "after" && call.replyTo !== undefined) open.bus.delete(call.replyTo);
  }

  /** An event is about to enter a core. */
  entering(process: ProcessName, event: CoreEvent): void {
    if (event.kind === "uevent") this.#ueventEnters(event.message);
    if (!this.#awaited("call")) return;
    const open = this.#openOf(process);
    if (event.kind === "bus-call") {
      open.bus.set(event.call, event.method);
      this.#reached(event.method, "before");
    } else if ("request" in event) {
      const name = open.requests.get(event.request);
      open.requests.delete(event.request);
      if (name !== undefined) this.#reached(name, "before-reply");
    }
  }

  #await(step: Step): void {
    const { when: trigger } = step;
    if (trigger.kind === "at") {
      this.#world.schedule(trigger.at, () => {
        this.#carryOut(step);
      });
      return;
    }
    const word = triggerWord(trigger.kind);
    const left = "nth" in trigger ? trigger.nth : 1;
    this.#waiting[word.awaits(trigger)].push({ step, trigger, word, left });
  }

  #awaited(kind: Happening["kind"]): boolean {
    return this.#waiting[kind].length > 0;
  }

  #openOf(process: ProcessName) {
    const known = this.#open.get(process);
    if (known !== undefined) return known;
    const made = { requests: new Map<RequestId, string>(), bus: new Map<BusCallId, string>() };
    this.#open.set(process, made);
    return made;
  }

  #reached(name: string, phase: CallPhase): void {
    this.#happened({ kind: "call", name, phase });
  }

  #ueventEnters(message: Uint8Array): void {
    if (!this.#awaited("uevent-received") || this.#received.has(message)) return;
    this.#received.add(message);
    const fields = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString("latin1").split("\0");
    this.#happened({ kind: "uevent-received", header: fields[0] ?? "", fields });
  }

  #happened(happening: Happening): void {
    const list = this.#waiting[happening.kind];
    if (list.length === 0) return;
    for (const waiting of [...list]) {
      if (waiting.word.meets(waiting.trigger, happening, this.#controllers)) this.#count(waiting, list, happening);
    }
  }

  /** Around a call the step happens at once. Otherwise the world is busy, and the step follows at the same instant. */
  #count(waiting: Waiting, list: Waiting[], { kind }: Happening): void {
    waiting.left -= 1;
    if (waiting.left > 0) return;
    list.splice(list.indexOf(waiting), 1);
    const { step } = waiting;
    if (kind === "call" && step.after === 0) this.#carryOut(step);
    else this.#later(step);
  }

  #later(step: Step): void {
    this.#world.schedule(Milliseconds(this.#hooks.now() + step.after), () => {
      this.#carryOut(step);
    });
  }

  #carryOut(step: Step): void {
    this.#done.add(step);
    this.#hooks.carryOut(step);
    if (step.id !== undefined) this.#happened({ kind: "step", step: step.id });
  }
}
