import { Milliseconds } from "../../core/domain/units.js";
import type { BusCallId, BusPort, BusResult, BusValue, ServiceName } from "../../core/ports/bus.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { RequestId } from "../../core/ports/request.js";
import type { Cancel, SimClock } from "./clock.js";
import type { WorldObservation } from "./observation.js";
import type { SimProcess } from "./process.js";

/** One message, one way. Nominal, not measured. */
const MESSAGE_TAKES = Milliseconds(1);

/** The default timeout of a call in libdbus. */
export const CALL_TIMEOUT = Milliseconds(25_000);

/** Daemons run as root. */
const DAEMON_UID = 0;

export const BUS_ERRORS = {
  serviceUnknown: "org.freedesktop.DBus.Error.ServiceUnknown",
  noReply: "org.freedesktop.DBus.Error.NoReply",
  disconnected: "org.freedesktop.DBus.Error.Disconnected",
} as const;

/** What can be done to the system bus. */
export type BusAction =
  | { readonly kind: "bus"; readonly state: "up" | "down" }
  /** A client calls a method, as stasctl would. The reply is observed. */
  | {
      readonly kind: "bus-call";
      readonly service: ServiceName;
      readonly method: string;
      readonly args: readonly (string | boolean)[];
      readonly uid: number;
    };

/** Whose each of these actions is: see `TARGETS`. */
export const BUS_ACTIONS: Readonly<Record<BusAction["kind"], "bus">> = { bus: "bus", "bus-call": "bus" };

interface OpenCall {
  readonly id: BusCallId;
  readonly peer: ServiceName;
  /** The caller, or `undefined` for a client of the timeline. */
  readonly from: SimProcess | undefined;
  readonly settle: (result: BusResult) => void;
  readonly timeout: Cancel;
  /** The process that received the call, if any did yet. */
  to: SimProcess | undefined;
  /** A reply is on its way. It arrives even if its sender dies. */
  answered: boolean;
}

/** A process on the bus. */
interface Member {
  readonly process: SimProcess;
  readonly sender: string;
  /** The peers that it follows, in the order of its subscriptions. */
  readonly follows: Set<ServiceName>;
  /** True while it owns its names. */
  joined: boolean;
}

/**
 * The system bus of a simulated host. A process acquires the names of its services when it starts, and again when the
 * bus comes back. A follower of a peer receives the peer's present state first, then each change.
 */
export class SimBus {
  readonly #clock: SimClock;
  readonly #observe: (observation: WorldObservation) => void;
  readonly #members: Member[] = [];
  readonly #calls = new Map<BusCallId, OpenCall>();
  #up = true;
  /** Counts the lives of the bus. A message of an earlier life is lost. */
  #life = 0;
  #nextCall = 1;
  #nextSender = 1;

  constructor(clock: SimClock, observe: (observation: WorldObservation) => void) {
    this.#clock = clock;
    this.#observe = observe;
  }

  /** Attaches a process to the bus until the process ends. */
  attach(process: SimProcess): BusPort {
    const member: Member = { process, sender: this.#newSender(), follows: new Set(), joined: false };
    this.#members.push(member);
    process.atEnd(() => {
      this.#detach(member);
    });
    if (this.#up)
      this.#later(() => {
        this.#join(member);
      });
    else this.#tell(member, { kind: "bus-state", up: false });
    return {
      call: (request, peer, method, args) => {
        if (process.alive) this.#callFrom(member, request, peer, method, args);
      },
      subscribe: (peer) => {
        if (process.alive) this.#subscribe(member, peer);
      },
      reply: (call, result) => {
        if (process.alive) this.#reply(process, call, result);
      },
      emit: (service, signal, args) => {
        if (process.alive) this.#emit(service, signal, args);
      },
    };
  }

  apply(action: BusAction): undefined {
    switch (action.kind) {
      case "bus":
        this.#setUp(action.state);
        return;
      case "bus-call":
        this.#clientCall(action);
        return;
    }
  }

  /** Takes the bus down, with every open call and name, or brings it back empty. */
  #setUp(state: "up" | "down"): void {
    if (this.#up === (state === "up")) return;
    this.#up = state === "up";
    this.#life += 1;
    for (const call of [...this.#calls.values()]) this.#settle(call, { ok: false, error: BUS_ERRORS.disconnected });
    for (const member of this.#members) {
      member.joined = false;
      if (this.#up)
        this.#later(() => {
          this.#join(member);
        });
      else this.#tell(member, { kind: "bus-state", up: false });
    }
  }

  #clientCall({ service, method, args, uid }: Extract<BusAction, { kind: "bus-call" }>): void {
    const settle = (result: BusResult): void => {
      this.#observe({ kind: "bus-reply", service, method, uid, result });
    };
    this.#open(undefined, service, method, args, this.#newSender(), uid, settle);
  }

  #newSender(): string {
    return `:1.${String(this.#nextSender++)}`;
  }

  /** Runs `run` after the time of one message, unless the bus went down meanwhile. */
  #later(run: () => void): void {
    const life = this.#life;
    this.#clock.after(MESSAGE_TAKES, () => {
      if (life === this.#life) run();
    });
  }

  /** Delivers an event that needs no bus. */
  #tell(member: Member, event: CoreEvent): void {
    this.#clock.after(MESSAGE_TAKES, () => {
      member.process.deliver(event);
    });
  }

  #join(member: Member): void {
    if (!member.process.alive) return;
    member.joined = true;
    member.process.deliver({ kind: "bus-state", up: true });
    for (const peer of member.follows)
      member.process.deliver({ kind: "bus-peer", peer, up: this.#owner(peer) !== undefined });
    for (const service of member.process.services)
      this.#announce(service, { kind: "bus-peer", peer: service, up: true });
  }

  #detach(member: Member): void {
    const { process, joined } = member;
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
    for (const call of [...this.#calls.values()]) {
      if (call.from === process) this.#forget(call);
      else if (call.to === process && !call.answered) this.#fail(call, BUS_ERRORS.noReply);
    }
    if (!joined) return;
    for (const service of process.services) this.#announce(service, { kind: "bus-peer", peer: service, up: false });
  }

  #owner(service: ServiceName): SimProcess | undefined {
    return this.#members.find((member) => member.joined && member.process.services.includes(service))?.process;
  }

  /** Sends an event to the followers of a peer. */
  #announce(peer: ServiceName, event: CoreEvent): void {
    for (const member of this.#members) {
      if (!member.follows.has(peer)) continue;
      this.#later(() => {
        member.process.deliver(event);
      });
    }
  }

  #subscribe(member: Member, peer: ServiceName): void {
    if (member.follows.has(peer)) return;
    member.follows.add(peer);
    if (!member.joined) return;
    this.#later(() => {
      member.process.deliver({ kind: "bus-peer", peer, up: this.#owner(peer) !== undefined });
    });
  }

  #emit(service: ServiceName, signal: string, args: readonly BusValue[]): void {
    if (this.#up) this.#announce(service, { kind: "bus-signal", peer: service, signal, args });
  }

  #callFrom(member: Member, request: RequestId, peer: ServiceName, method: string, args: readonly BusValue[]): void {
    const settle = (result: BusResult): void => {
      member.process.deliver({ kind: "bus-reply", request, result });
    };
    this.#open(member.process, peer, method, args, member.sender, DAEMON_UID, settle);
  }

  #open(
    from: SimProcess | undefined,
    peer: ServiceName,
    method: string,
    args: readonly BusValue[],
    sender: string,
    uid: number,
    settle: (result: BusResult) => void,
  ): void {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- here the brand is made
    const id = this.#nextCall++ as BusCallId;
    const timeout = this.#clock.after(CALL_TIMEOUT, () => {
      this.#settle(call, { ok: false, error: BUS_ERRORS.noReply });
    });
    const call: OpenCall = { id, peer, from, settle, timeout, to: undefined, answered: false };
    this.#calls.set(id, call);
    if (!this.#up) {
      this.#fail(call, BUS_ERRORS.disconnected);
      return;
    }
    this.#later(() => {
      if (!this.#calls.has(id)) return;
      call.to = this.#owner(peer);
      if (call.to === undefined) this.#settle(call, { ok: false, error: BUS_ERRORS.serviceUnknown });
      else call.to.deliver({ kind: "bus-call", call: id, service: peer, method, args, sender, uid });
    });
  }

  #reply(from: SimProcess, id: BusCallId, result: BusResult): void {
    const call = this.#calls.get(id);
    if (call === undefined || call.to !== from) return;
    call.answered = true;
    this.#later(() => {
      this.#settle(call, result);
    });
  }

  #fail(call: OpenCall, error: string): void {
    this.#clock.after(MESSAGE_TAKES, () => {
      this.#settle(call, { ok: false, error });
    });
  }

  #settle(call: OpenCall, result: BusResult): void {
    if (!this.#calls.has(call.id)) return;
    this.#forget(call);
    call.settle(result);
  }

  #forget(call: OpenCall): void {
    call.timeout();
    this.#calls.delete(call.id);
  }
}
