/** Carries out the steps of a scenario: at their times, or when what they wait for happens. */
import type { ProcessName, WorldObservation } from "../../adapters/sim/observation.js";
import type { SimulatedWorld } from "../../adapters/sim/world-api.js";
import type { BusCallId } from "../../core/ports/bus.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { RequestId } from "../../core/ports/request.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { ControllerIndex } from "../controllers.js";
import { refMatches, viaInterface } from "../controllers.js";
import type { CallPhase, Step, Trigger } from "../scenario/types.js";
import type { PortCall } from "../trace/teller.js";

type Waiting<K extends Trigger["kind"]> = {
  readonly step: Step;
  readonly trigger: Extract<Trigger, { readonly kind: K }>;
  /** Occurrences still to come, this one included. */
  left: number;
};

/** Triggers that observations of the world meet. */
type WorldTrigger = Extract<
  Trigger,
  { readonly kind: "connected" | "disconnected" | "connect-begin" | "file-written" }
>;

export interface TimelineHooks {
  /** A step is carried out: `act` does it to the world. */
  carryOut(step: Step): void;
  now(): Milliseconds;
}

/** Calls of a process that wait for their answer, by request number. Kept only while a step waits for an answer. */
type OpenCalls = Map<ProcessName, { readonly requests: Map<RequestId, string>; readonly bus: Map<BusCallId, string> }>;

export class Timeline {
  readonly #steps: readonly Step[];
  readonly #world: SimulatedWorld;
  readonly #hooks: TimelineHooks;
  readonly #controllers: ControllerIndex;
  readonly #done = new Set<Step>();
  readonly #onCall: Waiting<"call">[] = [];
  readonly #onStep: Waiting<"step">[] = [];
  readonly #onUevent: Waiting<"uevent">[] = [];
  readonly #onWorld: Waiting<WorldTrigger["kind"]>[] = [];
  readonly #open: OpenCalls = new Map();
  /** One message goes to the socket of each process; it left the kernel once. */
  readonly #counted = new WeakSet<Uint8Array>();

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

  /** Whether calls and events must be shown to `called`, `entering` and `entered`. */
  get watchesCalls(): boolean {
    return this.#onCall.length > 0;
  }

  get watchesUevents(): boolean {
    return this.#onUevent.length > 0;
  }

  observed(seen: WorldObservation): void {
    if (seen.kind === "uevent") this.#ueventLeft(seen.header);
    else if (this.#onWorld.length > 0) this.#worldMoved(seen);
  }

  /** A port is called, or was. */
  called(call: PortCall): void {
    if (!this.watchesCalls) return;
    const open = this.#openOf(call.process);
    if (call.phase === "before" && call.request !== undefined) open.requests.set(call.request, call.name);
    const method = call.replyTo === undefined ? undefined : open.bus.get(call.replyTo);
    this.#reached(call.name, call.phase);
    if (method === undefined) return;
    // For who called the method, its answer is delivered after `bus.reply`.
    this.#reached(method, call.phase === "before" ? "before-reply" : "after");
    if (call.phase === "after" && call.replyTo !== undefined) open.bus.delete(call.replyTo);
  }

  /** An event is about to enter a core. */
  entering(process: ProcessName, event: CoreEvent): void {
    if (event.kind === "uevent") this.#ueventEnters(event.message);
    if (!this.watchesCalls) return;
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
    const { when } = step;
    switch (when.kind) {
      case "at":
        this.#world.schedule(when.at, () => {
          this.#carryOut(step);
        });
        return;
      case "call":
        this.#onCall.push({ step, trigger: when, left: when.nth });
        return;
      case "step":
        this.#onStep.push({ step, trigger: when, left: 1 });
        return;
      case "uevent":
        this.#onUevent.push({ step, trigger: when, left: when.nth });
        return;
      default:
        this.#onWorld.push({ step, trigger: when, left: when.nth });
    }
  }

  #openOf(process: ProcessName) {
    const known = this.#open.get(process);
    if (known !== undefined) return known;
    const made = { requests: new Map<RequestId, string>(), bus: new Map<BusCallId, string>() };
    this.#open.set(process, made);
    return made;
  }

  #reached(name: string, phase: CallPhase): void {
    for (const waiting of [...this.#onCall]) {
      if (waiting.trigger.call !== name || waiting.trigger.phase !== phase) continue;
      this.#count(waiting, this.#onCall, "at-once");
    }
  }

  #ueventLeft(header: string): void {
    for (const waiting of [...this.#onUevent]) {
      if (waiting.trigger.event === undefined && headerMatches(waiting.trigger, header)) {
        this.#count(waiting, this.#onUevent, "soon");
      }
    }
  }

  /** What a uevent says beyond its header is seen only where it enters a core. */
  #ueventEnters(message: Uint8Array): void {
    if (this.#onUevent.length === 0 || this.#counted.has(message)) return;
    this.#counted.add(message);
    const fields = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString("latin1").split("\0");
    for (const waiting of [...this.#onUevent]) {
      const { event } = waiting.trigger;
      if (event === undefined || !headerMatches(waiting.trigger, fields[0] ?? "")) continue;
      if (fields.includes(`NVME_EVENT=${event}`) || fields.includes(`NVME_AEN=${event}`)) {
        this.#count(waiting, this.#onUevent, "soon");
      }
    }
  }

  #worldMoved(seen: WorldObservation): void {
    for (const waiting of [...this.#onWorld]) {
      if (this.#meets(waiting.trigger, seen)) this.#count(waiting, this.#onWorld, "soon");
    }
  }

  #meets(trigger: WorldTrigger, seen: WorldObservation): boolean {
    switch (trigger.kind) {
      case "connected": {
        if (seen.kind !== "controller-state" || seen.to !== "live") return false;
        const view = this.#controllers.get(seen.uid);
        return view !== undefined && refMatches(trigger.controller, view);
      }
      case "disconnected":
        return seen.kind === "controller-removed" && refMatches(trigger.controller, seen.controller);
      case "connect-begin":
        return (
          seen.kind === "connect-begin" &&
          seen.peer === trigger.controller.id &&
          viaInterface(trigger.controller, seen.options)
        );
      case "file-written":
        return seen.kind === "file-written" && seen.path === trigger.path;
    }
  }

  /** `soon`: the world is in the middle of something; the step follows at the same instant, behind it. */
  #count<W extends { readonly step: Step; left: number }>(waiting: W, list: W[], when: "at-once" | "soon"): void {
    waiting.left -= 1;
    if (waiting.left > 0) return;
    list.splice(list.indexOf(waiting), 1);
    const { step } = waiting;
    if (when === "at-once" && step.after === 0) this.#carryOut(step);
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
    if (step.id === undefined || this.#onStep.length === 0) return;
    for (const waiting of [...this.#onStep]) {
      if (waiting.trigger.step === step.id) this.#count(waiting, this.#onStep, "soon");
    }
  }
}

/** Whether a header `add@/devices/virtual/nvme-fabrics/ctl/nvme0` is of the action and device waited for. */
function headerMatches(trigger: Extract<Trigger, { readonly kind: "uevent" }>, header: string): boolean {
  const at = header.indexOf("@");
  const device = header.slice(header.lastIndexOf("/") + 1);
  if (!/^nvme\d+$/.test(device)) return false;
  if (trigger.action !== undefined && header.slice(0, at) !== trigger.action) return false;
  return trigger.device === undefined || trigger.device === device;
}
