/** Who owns a name on the bus: reports the current owner, then each change, on every connection to the bus. */
import type { LogPort } from "../../../core/ports/log.js";
import { DBUS_ERROR, POLICY_ADVICE } from "./errors.js";
import { BUS_NAME, busCall, type Link } from "./link.js";
import { readBody } from "./unmarshal.js";
import { WireError, type Message, type WireValue } from "./wire.js";

/** Receives the unique name of the owner; `undefined`: nobody owns the name. */
type OwnerTold = (owner: string | undefined) => void;

interface Followed {
  readonly name: string;
  readonly told: OwnerTold;
  /** The bus has named the owner. Before that, changes are not reported. */
  isKnown: boolean;
}

export class NameOwners {
  readonly #log: LogPort;
  readonly #followed: Followed[] = [];
  #link: Link | undefined;

  constructor(log: LogPort) {
    this.#log = log;
  }

  /** Follows a name for good. Call it once per name. */
  follow(name: string, told: OwnerTold): void {
    const followed: Followed = { name, told, isKnown: false };
    this.#followed.push(followed);
    if (this.#link !== undefined) this.#ask(this.#link, followed);
  }

  up(link: Link): void {
    this.#link = link;
    for (const followed of this.#followed) this.#ask(link, followed);
  }

  /** The bus is gone: no owner is known any more. Reports nothing. */
  down(): void {
    this.#link = undefined;
    for (const followed of this.#followed) followed.isKnown = false;
  }

  /** Reports the owner from a NameOwnerChanged signal of the bus; ignores any other signal. */
  onSignal(message: Message): void {
    if (message.sender !== BUS_NAME || message.interface !== BUS_NAME || message.member !== "NameOwnerChanged") return;
    const [name, , owner] = readChange(message);
    for (const followed of this.#followed) {
      if (followed.name !== name || !followed.isKnown) continue;
      this.#tell(followed, typeof owner === "string" && owner !== "" ? owner : undefined);
    }
  }

  /** The bus keeps the order of messages: the answer includes every change before it. */
  #ask(link: Link, followed: Followed): void {
    const rule =
      `type='signal',sender='${BUS_NAME}',path='/org/freedesktop/DBus',interface='${BUS_NAME}',` +
      `member='NameOwnerChanged',arg0='${followed.name}'`;
    link.call(busCall("AddMatch", "s", [rule], ""), (result) => {
      if (!result.ok && result.error !== DBUS_ERROR.disconnected)
        this.#complain(`the bus refuses to report changes of the owner of ${followed.name} (${result.error})`);
    });
    link.call(busCall("GetNameOwner", "s", [followed.name], "s"), (result) => {
      if (!result.ok && result.error === DBUS_ERROR.disconnected) return;
      const owner = result.ok ? result.values[0] : undefined;
      if (!result.ok && result.error !== DBUS_ERROR.nameHasNoOwner)
        this.#complain(`the bus does not say who owns ${followed.name} (${result.error}), so it counts as absent`);
      this.#tell(followed, typeof owner === "string" ? owner : undefined);
    });
  }

  #tell(followed: Followed, owner: string | undefined): void {
    followed.isKnown = true;
    followed.told(owner);
  }

  #complain(text: string): void {
    this.#log.write({ level: "error", text: `${text}: ${POLICY_ADVICE}` });
  }
}

function readChange(message: Message): readonly WireValue[] {
  try {
    return readBody(message, "sss");
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return [];
  }
}
