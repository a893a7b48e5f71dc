/** A service on the bus that is none of ours: whether it is there, its signals, and our calls to it. */
import type { LogPort } from "../../../core/ports/log.js";
import { DBUS_ERROR } from "./errors.js";
import { busCall, type Link, type LinkCall, type LinkResult } from "./link.js";
import type { NameOwners } from "./owners.js";
import type { Message } from "./wire.js";

/** `unknown` until the bus was heard of it, in each life of the bus; `no-bus` once it is clear that there is none. */
export type Presence = "unknown" | "there" | "absent" | "no-bus";

interface ForeignHandlers {
  /** It changed. Where another process takes the name over at a stroke, `absent` comes first: what the old one knew is gone. */
  presence(presence: Presence): void;
  /** A signal of the owner of the name, from whatever object. What anybody else sends under it is not believed. */
  signal(message: Message): void;
}

/** A call to it: its owner is the destination. */
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

  /** Nobody on the bus is asked for it before somebody wants to know. Call once. */
  follow(handlers: ForeignHandlers): void {
    this.#handlers = handlers;
    if (this.#link !== undefined) this.#match(this.#link);
    this.#owners.follow(this.#busName, (owner) => {
      this.#onOwner(owner);
    });
  }

  /** Call before the owners learn of it. */
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

  /** It is settled once, and always later than this call returns. Throws WireError where the arguments do not fit. */
  call(call: ForeignCall, settle: (result: LinkResult) => void): void {
    if (this.#link !== undefined && this.#owner !== undefined) {
      this.#link.call({ ...call, destination: this.#owner }, settle);
      return;
    }
    setImmediate(() => {
      settle({ ok: false, error: DBUS_ERROR.serviceUnknown });
    });
  }

  /** Lets the bus start it. Told once whether it could; where it did, its presence was told before. */
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

  /** Of every object, and before any object is asked for: some signal before we learn of their path. */
  #match(link: Link): void {
    link.call(busCall("AddMatch", "s", [`type='signal',sender='${this.#busName}'`], ""), (result) => {
      if (result.ok || result.error === DBUS_ERROR.disconnected) return;
      const text = `the bus will not pass on the signals of ${this.#busName} (${result.error}): nothing is learned from it`;
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
