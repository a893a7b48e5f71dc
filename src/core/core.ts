/** The one door: every event enters here, and everything the core does leaves through its ports. */
import { parseSupportedOptions } from "./codec/fabrics-options.js";
import { DecodeError } from "./codec/error.js";
import type { Context } from "./state/context.js";
import { log } from "./state/context.js";
import { emptyQueue, pump } from "./controller/connect-queue.js";
import { onLogPage, readPage } from "./controller/discovery.js";
import { onConnectReply, onDeleted, onProbed, onRetryTimer } from "./controller/machine.js";
import { onRegistered, onRegistrationTimer } from "./controller/registration.js";
import { controllerOfTimer } from "./controller/life.js";
import type { Controller } from "./state/controller.js";
import { describeControllers, pendingObligations, type ControllerDescription } from "./describe.js";
import { errnoName } from "./domain/errno.js";
import { audit, deviceKnown, deviceSeen, onAddTimer, onUevent } from "./devices/events.js";
import { emptyIndex } from "./kernel/index.js";
import { onIdentified } from "./kernel/refresh.js";
import { onControl, stopIfDone, STOP_TIMER } from "./lifecycle.js";
import { judgeAbsences, PURGE_TIMER } from "./mdns/absence.js";
import { onAvahi, onFound, onLost, onMdnsDatagram, onMdnsTimer, onNetworkChanged } from "./mdns/provider.js";
import { onReached, pumpProbes } from "./mdns/reach.js";
import { initialMdns } from "./state/mdns.js";
import { NAMES_TIMER, onResolved, resolveNames } from "./names/names.js";
import { fromPlain, toPlain, type Plain } from "./state/plain.js";
import type { BusCallEvent, ServiceName } from "./ports/bus.js";
import type { FabricsReplyEvent } from "./ports/fabrics.js";
import type { CompletionEvent, CoreEvent, Ports } from "./ports/index.js";
import { onSaved, onSaveTimer, save, saveTimer } from "./record/saving.js";
import { ADD_TIMER, AUDIT_TIMER, requestReconcile, soakTimer } from "./state/soak.js";
import { answerStaf } from "./staf/bus.js";
import { deviceOfTurn, onTurn } from "./devices/hand-on.js";
import { initialStaf, reconcileStaf } from "./staf/service.js";
import { answerStac, initialStac, reconcileStac } from "./stac/service.js";
import { ASK_TIMER, askStaf, onStafAnswer, stafLost } from "./stac/view.js";
import type { CoreServices, CoreState, Pending } from "./state/state.js";

export type { CoreServices } from "./state/state.js";
export type { ControllerDescription } from "./describe.js";

/** The whole state of a core: a plain, versioned, JSON-safe value. */
export interface CoreSnapshot {
  readonly version: 1;
  readonly services: CoreServices;
  readonly state: Plain;
}

function initialState(services: CoreServices): CoreState {
  return {
    services,
    phase: "new",
    nextRequest: 1,
    nextController: 1,
    requests: new Map(),
    timers: new Map(),
    identity: undefined,
    interfaces: [],
    bootTables: new Map(),
    fabricsOptions: "not-asked",
    kernel: emptyIndex(),
    controllers: new Map(),
    byKey: new Map(),
    byPlace: new Map(),
    queue: emptyQueue(),
    names: new Map(),
    resolving: new Set(),
    foreign: new Map(),
    mdns: initialMdns(),
    staf: services === "stac" ? undefined : initialStaf(),
    stac: services === "staf" ? undefined : initialStac(),
    said: new Set(),
  };
}

/** The decisions. `dispatch` is the only way in, the ports are the only way out. */
export class Core {
  readonly #context: Context;

  constructor(ports: Ports, services: CoreServices) {
    this.#context = { ports, state: initialState(services) };
  }

  /** Handles one event to the end. Never called from within itself. */
  dispatch(event: CoreEvent): void {
    const { state } = this.#context;
    if (state.phase === "stopped") return;
    if (state.phase === "new" && !(event.kind === "control" && event.action === "start")) {
      throw new Error(`the first event of a core is its start, not ${event.kind}`);
    }
    handle(this.#context, event);
    pump(this.#context);
    judgeAbsences(this.#context);
    save(this.#context, "staf");
    save(this.#context, "stac");
    if (state.phase === "stopping") stopIfDone(this.#context);
  }

  snapshot(): CoreSnapshot {
    const { state } = this.#context;
    return { version: 1, services: state.services, state: toPlain(state) };
  }

  /** A core that goes on from a snapshot. Timers and requests are taken to be under way in the ports given. */
  static restore(ports: Ports, snapshot: CoreSnapshot): Core {
    const core = new Core(ports, snapshot.services);
    Object.assign(core.#context.state, fromPlain(snapshot.state));
    return core;
  }

  /** What every controller is doing now, and why. */
  describe(): readonly ControllerDescription[] {
    return describeControllers(this.#context.state, this.#context.ports.clock.now());
  }

  /** How often each service compared what is wanted with what is present, since this process started. */
  reconciles(): Readonly<Record<ServiceName, number>> {
    const { staf, stac } = this.#context.state;
    return { staf: staf?.reconciles ?? 0, stac: stac?.reconciles ?? 0 };
  }

  /** What is not settled yet, in words. */
  pending(): readonly string[] {
    return pendingObligations(this.#context.state);
  }
}

function handle(context: Context, event: CoreEvent): void {
  switch (event.kind) {
    case "uevent":
      onUevent(context, event.message);
      return;
    case "uevent-overflow":
      log(context, "warning", "kernel uevents were lost: the kernel's controllers are listed anew");
      audit(context);
      return;
    case "timer":
      onTimer(context, event.timer);
      return;
    case "control":
      onControl(context, event.action);
      return;
    case "network-changed":
      context.state.interfaces = context.ports.network.interfaces();
      if (context.state.bootTables.size > 0) requestReconcile(context, "staf");
      resolveNames(context);
      onNetworkChanged(context);
      return;
    case "bus-call":
      answer(context, event);
      return;
    case "bus-signal":
      if (event.peer === "staf") askStaf(context);
      return;
    case "bus-peer":
      if (event.peer !== "staf") return;
      if (event.up) askStaf(context);
      else stafLost(context, "staf left the bus");
      return;
    case "bus-state":
      if (event.up) askStaf(context);
      else stafLost(context, "the bus is down");
      return;
    case "mdns-datagram":
      onMdnsDatagram(context, event);
      return;
    case "dnssd-found":
      onFound(context, event);
      return;
    case "dnssd-lost":
      onLost(context, event);
      return;
    case "dnssd-daemon":
      onAvahi(context, event.up);
      return;
    case "fabrics-reply":
    case "admin-reply":
    case "deleted":
    case "probed":
    case "resolved":
    case "written":
    case "bus-reply":
      onCompletion(context, event);
      return;
  }
}

function onTimer(context: Context, timer: string): void {
  const { state } = context;
  if (!state.timers.delete(timer)) return;
  switch (timer) {
    case STOP_TIMER:
      return;
    case saveTimer("staf"):
      onSaveTimer(context, "staf");
      return;
    case saveTimer("stac"):
      onSaveTimer(context, "stac");
      return;
    default: {
      const device = deviceOfTurn(timer);
      if (device !== undefined) onTurn(context, device);
      else if (state.phase === "running") onRunningTimer(context, timer);
    }
  }
}

/** Timers that count only while nothing is being taken down. */
function onRunningTimer(context: Context, timer: string): void {
  const { staf, stac } = context.state;
  switch (timer) {
    case AUDIT_TIMER:
      audit(context);
      return;
    case ADD_TIMER:
      onAddTimer(context);
      return;
    case ASK_TIMER:
      askStaf(context);
      return;
    case NAMES_TIMER:
      resolveNames(context);
      return;
    case PURGE_TIMER:
    case soakTimer("staf"):
      if (staf !== undefined) reconcileStaf(context, staf);
      return;
    case soakTimer("stac"):
      if (stac !== undefined) reconcileStac(context, stac);
      return;
    default: {
      if (onMdnsTimer(context, timer)) return;
      const found = controllerOfTimer(context, timer);
      if (found?.purpose === "retry") onRetryTimer(context, found.controller);
      else if (found?.controller.service !== "staf") return;
      else if (found.purpose === "page") readPage(context, found.controller, "the last read failed");
      else onRegistrationTimer(context, found.controller);
    }
  }
}

function answer(context: Context, call: BusCallEvent): void {
  const { staf, stac } = context.state;
  const failure = { ok: false, error: "org.freedesktop.DBus.Error.ServiceUnknown" } as const;
  switch (call.service) {
    case "staf":
      context.ports.bus.reply(call.call, staf === undefined ? failure : answerStaf(context, staf, call));
      return;
    case "stac":
      context.ports.bus.reply(call.call, stac === undefined ? failure : answerStac(context, call));
      return;
  }
}

/** A completion finds what it belongs to by its request number; one that nobody waits for any more is dropped. */
function onCompletion(context: Context, event: CompletionEvent): void {
  const pending = context.state.requests.get(event.request);
  if (pending === undefined) return;
  context.state.requests.delete(event.request);
  complete(context, pending, event);
}

function complete(context: Context, pending: Pending, event: CompletionEvent): void {
  const controller =
    "controller" in pending && pending.controller !== undefined
      ? context.state.controllers.get(pending.controller)
      : undefined;
  switch (pending.kind) {
    case "options":
      if (event.kind === "fabrics-reply") onOptions(context, event.result);
      return;
    case "probe":
      if (event.kind === "probed" && controller !== undefined)
        onProbed(context, controller, event.request, event.result);
      return;
    case "connect":
      if (event.kind === "fabrics-reply" && controller !== undefined)
        onConnectReply(context, controller, event.request, event.result);
      return;
    case "delete":
      if (event.kind !== "deleted") return;
      context.ports.sysfs.close(pending.handle);
      if (controller !== undefined) onDeleted(context, controller, event.request, event.result);
      else if (!event.result.ok) {
        log(context, "info", `the delete of ${pending.device} ended with ${errnoName(event.result.errno)}`);
      }
      // Its uevent may be lost, and nobody is to take up what is gone.
      deviceSeen(context, pending.device);
      return;
    case "log-page":
      if (event.kind === "admin-reply")
        onLogPage(context, discovery(controller), pending.handle, event.request, event.result);
      return;
    case "register":
      if (event.kind === "admin-reply")
        onRegistered(context, discovery(controller), pending.handle, event.request, event.result);
      return;
    case "identify": {
      if (event.kind !== "admin-reply") return;
      const present = onIdentified(context, pending.handle, pending.device, event.result);
      if (present !== undefined) deviceKnown(context, present);
      requestReconcile(context, "stac");
      return;
    }
    case "save":
      if (event.kind === "written") onSaved(context, pending.service, pending.sequence, event.result);
      return;
    case "resolve":
      if (event.kind === "resolved") onResolved(context, pending.name, event.result);
      return;
    case "reach":
      if (event.kind !== "probed") return;
      onReached(context, pending.target, event.request, event.result);
      pumpProbes(context);
      return;
    case "ask-staf":
      if (event.kind === "bus-reply") onStafAnswer(context, event.request, event.result);
      return;
  }
}

function discovery(controller: Controller | undefined) {
  return controller?.service === "staf" ? controller : undefined;
}

/** The kernel said which connect options it knows, or (before 5.17) would not say. */
function onOptions({ ports, state }: Context, result: FabricsReplyEvent["result"]): void {
  state.fabricsOptions = "unknown";
  if (!result.ok) {
    ports.log.write({
      level: "info",
      text: `the kernel does not say which connect options it knows (${errnoName(result.errno)})`,
    });
    return;
  }
  try {
    state.fabricsOptions = parseSupportedOptions(result.text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    ports.log.write({ level: "warning", text: `the kernel's connect options cannot be read: ${error.problem}` });
  }
}
