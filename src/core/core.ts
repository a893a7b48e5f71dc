/** The one door: every event enters here, and everything the core does leaves through its ports. */
import { check, checkSize } from "./check/index.js";
import { onCompletion } from "./handlers/completions.js";
import { pump } from "./controller/connect-queue.js";
import { newWays, wakeControllers } from "./controller/wake.js";
import { describeControllers, pendingObligations, type ControllerDescription } from "./describe.js";
import { onOverflow, onUevent } from "./devices/events.js";
import { assert } from "./domain/assertion.js";
import { initialState } from "./initial-state.js";
import { onControl, stopIfDone } from "./control.js";
import { judgeAbsences } from "./mdns/absence.js";
import { onAvahi, onFound, onLost, onMdnsDatagram, onNetworkChanged } from "./mdns/provider.js";
import { pumpProbes } from "./mdns/reach.js";
import { resolveNames } from "./names/resolving.js";
import type { BusCallEvent, ServiceName } from "./ports/bus.js";
import { isCompletion, type CoreEvent, type Ports } from "./ports/index.js";
import { save } from "./record/saving.js";
import { answerStac } from "./stac/service.js";
import { askStaf, stafLost, stafSignals } from "./stac/view.js";
import { answerStaf } from "./staf/bus.js";
import { reviewSources } from "./staf/service.js";
import type { Context } from "./state/context.js";
import { fromPlain, toPlain, type Plain } from "./state/plain.js";
import { requestReconcile } from "./state/soak.js";
import type { CoreServices } from "./state/state.js";
import { onTimer } from "./handlers/timers.js";

export type { CoreServices } from "./state/state.js";
export type { ControllerDescription } from "./describe.js";

/** The version of the state's shape that this build writes and reads. */
const SNAPSHOT_VERSION = 4;

/** The whole state of a core: a plain, versioned, JSON-safe value. */
export interface CoreSnapshot {
  readonly version: number;
  readonly services: CoreServices;
  readonly state: Plain;
}

/** A snapshot that another version of this program wrote. */
export class SnapshotVersionError extends Error {
  override readonly name = "SnapshotVersionError";
  readonly found: number;

  constructor(found: number) {
    super(`the snapshot is of version ${String(found)}, and only version ${String(SNAPSHOT_VERSION)} can be restored`);
    this.found = found;
  }
}

/** The decisions. `dispatch` is the only way in, the ports are the only way out. */
export class Core {
  readonly #context: Context;
  #handling = false;

  constructor(ports: Ports, services: CoreServices) {
    this.#context = { ports, state: initialState(services) };
  }

  /** Handles one event to the end. Throws AssertionError where that uncovers a bug of ours. */
  dispatch(event: CoreEvent): void {
    const { state } = this.#context;
    if (state.phase === "stopped") return;
    const isStart = event.kind === "control" && event.action === "start";
    assert(state.phase !== "new" || isStart, "the first event of a core is its start");
    assert(!this.#handling, "an event enters once the one before it is handled");
    this.#handling = true;
    try {
      handle(this.#context, event);
      settle(this.#context);
    } finally {
      this.#handling = false;
    }
  }

  snapshot(): CoreSnapshot {
    const { state } = this.#context;
    return { version: SNAPSHOT_VERSION, services: state.services, state: toPlain(state) };
  }

  /**
   * A core that goes on from a snapshot; timers and requests are under way in the ports given. Throws SnapshotVersionError where
   * another version wrote the snapshot.
   */
  static restore(ports: Ports, snapshot: CoreSnapshot): Core {
    if (snapshot.version !== SNAPSHOT_VERSION) throw new SnapshotVersionError(snapshot.version);
    const core = new this(ports, snapshot.services);
    Object.assign(core.#context.state, fromPlain(snapshot.state));
    return core;
  }

  /** Throws AssertionError where the state contradicts itself. Costs time in proportion to `checkSize`. */
  check(): void {
    check(this.#context.state);
  }

  /** How many things `check` looks at. */
  get checkSize(): number {
    return checkSize(this.#context.state);
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
    return pendingObligations(this.#context.state, this.#context.ports.clock.now());
  }
}

/** Hands an event to the part that decides about it. What it decides changes the state, or leaves through a port. */
function handle(context: Context, event: CoreEvent): void {
  if (isCompletion(event)) {
    onCompletion(context, event);
    return;
  }
  switch (event.kind) {
    case "uevent":
      onUevent(context, event.message);
      return;
    case "uevent-overflow":
      onOverflow(context);
      return;
    case "timer":
      onTimer(context, event.timer);
      return;
    case "control":
      onControl(context, event.action);
      return;
    case "network-changed":
      networkChanged(context);
      return;
    case "bus-call":
      answer(context, event);
      return;
    case "bus-signal":
      if (event.peer === "staf") stafSignals(context, event.signal);
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
  }
}

function networkChanged(context: Context): void {
  const { ports, state } = context;
  const before = state.interfaces;
  state.interfaces = ports.network.interfaces();
  const ways = newWays(before, state.interfaces);
  if (state.phase === "running") wakeControllers(context, ways);
  if (state.bootTables.size > 0) requestReconcile(context, "staf");
  resolveNames(context);
  onNetworkChanged(context, ways);
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

/** Starts what an event has made possible. Follows every event: each step looks at the state alone. */
function settle(context: Context): void {
  pumpProbes(context);
  pump(context);
  judgeAbsences(context);
  reviewSources(context);
  save(context, "staf");
  save(context, "stac");
  stopIfDone(context);
}
