/** A service on the bus that is not ours: its presence, its signals, and our calls to it. */
import type { LogPort } from "../../../core/ports/log.js";
import { DBUS_ERROR, POLICY_ADVICE } from "./errors.js";
import { busCall, type Link, type LinkCall, type LinkResult } from "./link.js";
import type { NameOwners } from "./owners.js";
import type { Message } from "./wire.js";

/** `unknown` until the bus answers, again after each reconnect; `no-bus` once it is certain that there is no bus. */
export type Presence = "unknown" | "there" | "absent" | "no-bus";

interface ForeignHandlers {
  /** The presence changed. When the name passes directly to another process, `absent` comes first: the state of the old one is lost. */
  presence(presence: Presence): void;
  /** A signal from the owner of the name, from any object. Signals from other senders are ignored. */
  signal(message: Message): void;
}

/** A call to the service. The destination is the owner of the name. */
export type ForeignCall = Omit<LinkCall, "destination">;

const NO_FLAGS = 0;

export class ForeignService {
  readonly #busName: string;
  readonly #owners: NameOwners;
  readonly #log: LogPort;
  #link: Link | undefined;
  #owner: string | undefined;
  #presence: Presence = "unknown";
  #handlers: ForeignHandlers | undefined;

  constructor(busName: string, owners: NameOwners, log: LogPort) {
    this.#busName = busName;
    this.#owners = owners;
    this.#log = log;
  }

  get presence(): Presence {
    return this.#presence;
  }

  /** Starts to watch the service: before this call the bus is not asked about it. Call once. */
  follow(handlers: ForeignHandlers): void {
    this.#handlers = handlers;
    if (this.#link !== undefined) this.#match(this.#link);
    this.#owners.follow(this.#busName, (owner) => {
      this.#onOwner(owner);
    });
  }

  /** Call it before `NameOwners.up`. */
  up(link: Link): void {
    this.#link = link;
    this.#presence = "unknown";
    if (this.#handlers !== undefined) this.#match(link);
  }

  down(): void {
    this.#link = undefined;
    this.#owner = undefined;
    this.#become("no-bus");
  }

  onSignal(message: Message): void {
    if (this.#owner !== undefined && message.sender === this.#owner) this.#handlers?.signal(message);
  }

  /** Settles once, always after this function returns. Throws WireError if the arguments do not fit the signature. */
  call(call: ForeignCall, settle: (result: LinkResult) => void): void {
    if (this.#link !== undefined && this.#owner !== undefined) {
      this.#link.call({ ...call, destination: this.#owner }, settle);
      return;
    }
    setImmediate(() => {
      settle({ ok: false, error: DBUS_ERROR.serviceUnknown });
    });
  }

  /** Asks the bus to start the service. Calls back once with the outcome; if the service started, `presence` came first. */
  activate(told: (outcome: "started" | "not started") => void): void {
    if (this.#link === undefined) {
      setImmediate(() => {
        told("not started");
      });
      return;
    }
    this.#link.call(busCall("StartServiceByName", "su", [this.#busName, NO_FLAGS], "u"), (result) => {
      told(result.ok ? "started" : "not started");
    });
  }

  /** Matches every object, and before we ask for any: some objects emit signals before we know their path. */
  #match(link: Link): void {
    link.call(busCall("AddMatch", "s", [`type='signal',sender='${this.#busName}'`], ""), (result) => {
      if (result.ok || result.error === DBUS_ERROR.disconnected) return;
      const text = `the bus refuses to pass on the signals of ${this.#busName} (${result.error}), so nothing is learned from it: ${POLICY_ADVICE}`;
      this.#log.write({ level: "error", text });
    });
  }

  #onOwner(owner: string | undefined): void {
    const before = this.#owner;
    this.#owner = owner;
    if (before !== undefined && owner !== undefined && before !== owner) this.#become("absent");
    this.#become(owner === undefined ? "absent" : "there");
  }

  #become(presence: Presence): void {
    if (presence === this.#presence) return;
    this.#presence = presence;
    this.#handlers?.presence(presence);
  }
}
