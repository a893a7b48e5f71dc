/** What a CDC has seen, as plain data that a test reads: bounded, the oldest dropped first. */

/** A connection over which a host said something. */
export interface SeenAssociation {
  /** Counts from 1, in the order of the connections. */
  readonly id: number;
  /** The port of this CDC that it came in on. */
  readonly portid: number;
  /** The host's end, as `127.0.0.1:40312`. */
  readonly peer: string;
  /** Empty before its Connect was accepted, as are the next three. */
  readonly hostnqn: string;
  /** In hex. */
  readonly hostid: string;
  /** The NQN that the Connect asked for. */
  readonly subsysnqn: string;
  readonly cntlid: number;
  /** In milliseconds; 0 is off. */
  readonly kato: number;
  /** `opening` before its Connect, `disabled` before CC.EN, `ready`, `shut-down`, or `gone`. */
  readonly state: "opening" | "disabled" | "ready" | "shut-down" | "gone";
  /** Why it is gone; empty while it is not. */
  readonly reason: string;
  readonly keepAlives: number;
  /** Asynchronous Event Requests that wait for an event. */
  readonly eventRequests: number;
  /** An event went out, and the page was not read with RAE=0 since. */
  readonly eventMasked: boolean;
}

/** A command, other than the ones that come all the time (property and keep alive). */
interface SeenCommand {
  readonly association: number;
  readonly opcode: number;
  /** Of a fabrics command. */
  readonly fctype?: number;
  readonly cdw10: number;
  readonly cdw11: number;
  /** Of a Get Log Page. */
  readonly log?: {
    readonly lid: number;
    readonly lsp: number;
    readonly rae: boolean;
    readonly offset: number;
    readonly length: number;
  };
  /** Undefined while it waits for its answer. */
  readonly status?: number;
}

/** A Discovery Information Management command with its data. */
interface SeenRegistration {
  readonly association: number;
  readonly hostnqn: string;
  /** TAS: 0 register, 1 deregister, 2 update. */
  readonly task: number;
  /** All that was sent, in hex. */
  readonly data: string;
  readonly status: number;
  /** What is wrong with it; empty where nothing is. */
  readonly problem: string;
}

export interface Seen {
  readonly associations: readonly SeenAssociation[];
  readonly commands: readonly SeenCommand[];
  readonly registrations: readonly SeenRegistration[];
  /** By host NQN, the data of the last accepted registration, in hex; without those that deregistered. */
  readonly registered: Readonly<Record<string, string>>;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** What did not fit, and went. */
  readonly dropped: number;
}

const GONE_MAX = 1000;
const COMMANDS_MAX = 10_000;
const REGISTRATIONS_MAX = 1000;

/** A command in the journal: its status is filled in when it is answered. */
export interface OpenRecord {
  answered(status: number): void;
}

export class Journal {
  accepted = 0;
  #dropped = 0;
  #gone: SeenAssociation[] = [];
  #commands: { seen: SeenCommand }[] = [];
  #registrations: SeenRegistration[] = [];
  readonly #registered = new Map<string, string>();

  gone(association: SeenAssociation): void {
    this.#keep(this.#gone, association, GONE_MAX);
  }

  command(seen: SeenCommand): OpenRecord {
    const slot = { seen };
    this.#keep(this.#commands, slot, COMMANDS_MAX);
    return { answered: (status) => (slot.seen = { ...slot.seen, status }) };
  }

  registration(registration: SeenRegistration): void {
    this.#keep(this.#registrations, registration, REGISTRATIONS_MAX);
    if (registration.status !== 0) return;
    if (registration.task === 1) this.#registered.delete(registration.hostnqn);
    else if (this.#registered.size < REGISTRATIONS_MAX || this.#registered.has(registration.hostnqn)) {
      this.#registered.set(registration.hostnqn, registration.data);
    }
  }

  /** Who is registered stays registered. */
  forget(): void {
    this.#gone = [];
    this.#commands = [];
    this.#registrations = [];
    this.#dropped = 0;
  }

  seen(alive: readonly SeenAssociation[]): Seen {
    return {
      associations: [...this.#gone, ...alive].sort((one, other) => one.id - other.id),
      commands: this.#commands.map(({ seen }) => seen),
      registrations: [...this.#registrations],
      registered: Object.fromEntries(this.#registered),
      accepted: this.accepted,
      dropped: this.#dropped,
    };
  }

  #keep<Value>(list: Value[], value: Value, max: number): void {
    list.push(value);
    if (list.length <= max) return;
    list.shift();
    this.#dropped += 1;
  }
}
