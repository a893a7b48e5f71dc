/** Takes the names of our services on the bus, and takes them again whenever they become free. */
import { formatDuration } from "../../../core/domain/units.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { ServiceSpec } from "./idl.js";
import { DBUS_ERROR } from "./errors.js";
import { busCall, type Link } from "./link.js";
import type { BusTiming } from "./limits.js";
import type { NameOwners } from "./owners.js";
import { rivalText, type Rival } from "../rivals.js";

const DO_NOT_QUEUE = 4;

interface Claiming {
  readonly done: () => void;
  readonly onTaken: () => void;
}

export class OwnNames {
  readonly #log: LogPort;
  readonly #timing: BusTiming;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Refusals that are already logged. */
  readonly #refused = new Set<string>();
  /** The names that are neither ours nor refused to us, with the process that owns each; `undefined`: not known. */
  readonly #open: Map<string, string | undefined>;
  /** Set while `claim` waits: names that others own are then not logged. */
  #claiming: Claiming | undefined;
  #link: Link | undefined;

  constructor(services: readonly ServiceSpec[], owners: NameOwners, log: LogPort, timing: BusTiming) {
    this.#log = log;
    this.#timing = timing;
    this.#open = new Map(services.map(({ busName }) => [busName, undefined]));
    for (const { busName } of services) {
      owners.follow(busName, (owner) => {
        this.#onOwner(busName, owner);
      });
    }
  }

  /** Call it before `NameOwners.up`. */
  up(link: Link): void {
    this.#link = link;
  }

  down(): void {
    this.#link = undefined;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#claiming?.done();
  }

  /**
   * Waits until every name is ours or refused to us, or the bus is gone or silent. A name that another process owns may become
   * free within `patience` milliseconds, because that process may be ending. Returns the names that others own then.
   */
  async claim(patience: number): Promise<readonly Rival[]> {
    if (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#timing.connect);
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        this.#claiming = { done, onTaken: () => void setTimeout(done, patience) };
      });
      this.#claiming = undefined;
    }
    const link = this.#link;
    if (link === undefined) return [];
    const taken = [...this.#open].flatMap(([name, owner]) => (owner === undefined ? [] : [{ name, owner }]));
    return await Promise.all(taken.map(({ name, owner }) => rivalOn(link, name, owner)));
  }

  #settle(name: string): void {
    this.#open.delete(name);
    if (this.#open.size === 0) this.#claiming?.done();
  }

  #onOwner(name: string, owner: string | undefined): void {
    const link = this.#link;
    if (link === undefined) return;
    if (owner === undefined) this.#request(link, name);
    else if (owner === link.uniqueName) {
      this.#refused.delete(name);
      this.#settle(name);
    } else if (this.#claiming !== undefined) {
      this.#open.set(name, owner);
      this.#claiming.onTaken();
    } else this.#sayTaken(link, name, owner);
  }

  #request(link: Link, name: string): void {
    link.call(busCall("RequestName", "su", [name, DO_NOT_QUEUE], "u"), (result) => {
      // Another process may have been faster. The change of owner then says which.
      if (result.ok || result.error === DBUS_ERROR.disconnected) return;
      this.#onRefused(link, name, result.error);
    });
  }

  #onRefused(link: Link, name: string, error: string): void {
    this.#settle(name);
    if (!this.#refused.has(name)) {
      this.#refused.add(name);
      const advice =
        error === DBUS_ERROR.accessDenied
          ? "copy etc/dbus-1/system.d/org.nvmexpress.stas.conf of this project to /usr/share/dbus-1/system.d and reload the bus (systemctl reload dbus)"
          : `the daemon asks again every ${formatDuration(this.#timing.nameRetry)}`;
      this.#log.write({
        level: "error",
        text: `the bus does not let this process own ${name} (${error}), so clients cannot find it: ${advice}`,
      });
    }
    const timer = setTimeout(() => {
      if (this.#link === link) this.#request(link, name);
    }, this.#timing.nameRetry);
    this.#timers.set(name, timer);
  }

  #sayTaken(link: Link, name: string, owner: string): void {
    void rivalOn(link, name, owner).then((rival) => {
      if (this.#link !== link) return;
      this.#log.write({
        level: "error",
        text: `${rivalText(rival)}. This daemon takes the name as soon as it is free`,
      });
    });
  }
}

/** The owner of a name, with its process if the bus says so. */
export function rivalOn(link: Link, what: string, owner: string): Promise<Rival> {
  return new Promise((resolve) => {
    link.call(busCall("GetConnectionUnixProcessID", "s", [owner], "u"), (result) => {
      const pid = result.ok ? result.values[0] : undefined;
      resolve({ holds: "name", what, pid: typeof pid === "number" ? pid : undefined });
    });
  });
}
