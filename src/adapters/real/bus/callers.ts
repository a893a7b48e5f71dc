/** The user ids of our callers, as the bus knows them. */
import { busCall, type Link } from "./link.js";
import { CALLERS_MAX } from "./limits.js";

/** `undefined`: the caller has left, or the bus does not know its user. */
type Known = (uid: number | undefined) => void;

type Caller =
  { readonly state: "asking"; readonly waiting: Known[] } | { readonly state: "known"; readonly uid: number };

/** Callers on one connection to the bus. A bus never gives a unique name twice. */
export class Callers {
  readonly #link: Pick<Link, "call">;
  readonly #callers = new Map<string, Caller>();

  constructor(link: Pick<Link, "call">) {
    this.#link = link;
  }

  /** Calls back at once if the user id is known, else when the bus answers. Keeps the order of the calls of one sender. */
  uidOf(sender: string, known: Known): void {
    const caller = this.#callers.get(sender);
    switch (caller?.state) {
      case "known":
        known(caller.uid);
        return;
      case "asking":
        caller.waiting.push(known);
        return;
      case undefined:
        this.#ask(sender, known);
    }
  }

  #ask(sender: string, known: Known): void {
    const waiting = [known];
    this.#callers.set(sender, { state: "asking", waiting });
    this.#link.call(busCall("GetConnectionUnixUser", "s", [sender], "u"), (result) => {
      const uid = result.ok ? result.values[0] : undefined;
      this.#callers.delete(sender);
      if (typeof uid === "number") this.#keep(sender, uid);
      for (const one of waiting) one(typeof uid === "number" ? uid : undefined);
    });
  }

  /** Forgets the oldest entry first. Entries still being asked for need no limit: open calls limit them. */
  #keep(sender: string, uid: number): void {
    for (const [oldest, caller] of this.#callers) {
      if (this.#callers.size < CALLERS_MAX) break;
      if (caller.state === "known") this.#callers.delete(oldest);
    }
    this.#callers.set(sender, { state: "known", uid });
  }
}
