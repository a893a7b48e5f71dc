/** Who owns a name on the bus, told first as it is and then at each change, over all lives of the connection. */
import type { LogPort } from "../../../core/ports/log.js";
import { DBUS_ERROR } from "./errors.js";
import { BUS_NAME, busCall, type Link } from "./link.js";
import { readBody } from "./unmarshal.js";
import { WireError, type Message, type WireValue } from "./wire.js";

/** Told with the unique name of the owner; `undefined`: nobody owns the name. */
type OwnerTold = (owner: string | undefined) => void;

interface Followed {
  readonly name: string;
  readonly told: OwnerTold;
  /** While the bus was not heard of it, its changes are no news. */
  known: "yes" | "no";
}

export class NameOwners {
  readonly #log: LogPort;
  readonly #followed: Followed[] = [];
  #link: Link | undefined;

  constructor(log: LogPort) {
    this.#log = log;
  }

  /** Follows a name for ever. Follow each once. */
  follow(name: string, told: OwnerTold): void {
    const followed: Followed = { name, told, known: "no" };
    this.#followed.push(followed);
    if (this.#link !== undefined) this.#ask(this.#link, followed);
  }

  up(link: Link): void {
    this.#link = link;
    for (const followed of this.#followed) this.#ask(link, followed);
  }

  /** The bus is gone: nothing is known, and nobody is told so. */
  down(): void {
    this.#link = undefined;
    for (const followed of this.#followed) followed.known = "no";
  }

  /** Takes a signal that is the bus' word on owners. */
  onSignal(message: Message): void {
    if (message.sender !== BUS_NAME || message.interface !== BUS_NAME || message.member !== "NameOwnerChanged") return;
    const [name, , owner] = readChange(message);
    for (const followed of this.#followed) {
      if (followed.name !== name || followed.known === "no") continue;
      this.#tell(followed, typeof owner === "string" && owner !== "" ? owner : undefined);
    }
  }

  /** The bus keeps the order: a change that comes before the answer is in the answer. */
  #ask(link: Link, followed: Followed): void {
    const rule =
      `type='signal',sender='${BUS_NAME}',path='/org/freedesktop/DBus',interface='${BUS_NAME}',` +
      `member='NameOwnerChanged',arg0='${followed.name}'`;
    link.call(busCall("AddMatch", "s", [rule], ""), (result) => {
      if (!result.ok && result.error !== DBUS_ERROR.disconnected)
        this.#complain(`the bus will not say when the owner of ${followed.name} changes (${result.error})`);
    });
    link.call(busCall("GetNameOwner", "s", [followed.name], "s"), (result) => {
      if (!result.ok && result.error === DBUS_ERROR.disconnected) return;
      const owner = result.ok ? result.values[0] : undefined;
      if (!result.ok && result.error !== DBUS_ERROR.nameHasNoOwner)
        this.#complain(`the bus does not say who owns ${followed.name} (${result.error})`);
      this.#tell(followed, typeof owner === "string" ? owner : undefined);
    });
  }

  #tell(followed: Followed, owner: string | undefined): void {
    followed.known = "yes";
    followed.told(owner);
  }

  #complain(text: string): void {
    this.#log.write({ level: "error", text });
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
