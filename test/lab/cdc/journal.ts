/** What a CDC has seen, as plain data for tests. The journal is bounded and drops the oldest records first. */

/** A connection that gets answers. */
export interface SeenAssociation {
  /** Counts from 1, in the order of connection. */
  readonly id: number;
  /** The CDC port that accepted it. */
  readonly portid: number;
  /** The host's address and port, such as `127.0.0.1:40312`. */
  readonly peer: string;
  /** Empty before the Connect is accepted, like the next two fields. */
  readonly hostnqn: string;
  /** In hex. */
  readonly hostid: string;
  /** The NQN that the Connect asked for. */
  readonly subsysnqn: string;
  readonly cntlid: number;
  /** In milliseconds; 0 is off. */
  readonly kato: number;
  /** `opening` before the Connect, `disabled` before CC.EN, `ready`, `shut-down`, or `gone`. */
  readonly state: "opening" | "disabled" | "ready" | "shut-down" | "gone";
  /** Why the connection is gone; empty while it is open. */
  readonly reason: string;
  readonly keepAlives: number;
  /** Asynchronous Event Requests that wait for an event. */
  readonly eventRequests: number;
  /** An event was sent, and the page has not been read with RAE=0 since. */
  readonly eventMasked: boolean;
}

/** A command, except the frequent property and keep alive commands. */
interface SeenCommand {
  readonly association: number;
  readonly opcode: number;
  /** For a fabrics command only. */
  readonly fctype?: number;
  readonly cdw10: number;
  readonly cdw11: number;
  /** For a Get Log Page only. */
  readonly log?: {
    readonly lid: number;
    readonly lsp: number;
    readonly rae: boolean;
    readonly offset: number;
    readonly length: number;
  };
  /** Undefined until the command is answered. */
  readonly status?: number;
}

/** A Discovery Information Management command with its data. */
interface SeenRegistration {
  readonly association: number;
  readonly hostnqn: string;
  /** TAS: 0 register, 1 deregister, 2 update. */
  readonly task: number;
  /** The data, in hex. */
  readonly data: string;
  readonly status: number;
  /** Why it was rejected; empty if it was accepted. */
  readonly problem: string;
}

export interface Seen {
  readonly associations: readonly SeenAssociation[];
  readonly commands: readonly SeenCommand[];
  readonly registrations: readonly SeenRegistration[];
  /** The data of each host's last accepted registration in hex, by host NQN. Deregistered hosts are left out. */
  readonly registered: Readonly<Record<string, string>>;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Records dropped because the journal was full. */
  readonly dropped: number;
}

const GONE_MAX = 1000;
const COMMANDS_MAX = 10_000;
const REGISTRATIONS_MAX = 1000;

/** A command in the journal whose status is set when it is answered. */
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

  /** Forgets everything except who is registered. */
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
