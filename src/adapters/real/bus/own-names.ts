/** Takes the names of our services on the bus, and takes them again whenever they become free. */
import { formatDuration } from "../../../core/domain/units.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { ServiceSpec } from "./idl.js";
import { DBUS_ERROR } from "./errors.js";
import { busCall, type Link, type LinkResult } from "./link.js";
import type { BusTiming } from "./limits.js";
import type { NameOwners } from "./owners.js";

const DO_NOT_QUEUE = 4;

export class OwnNames {
  readonly #log: LogPort;
  readonly #timing: BusTiming;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Refusals that are already logged. */
  readonly #refused = new Set<string>();
  #link: Link | undefined;

  constructor(services: readonly ServiceSpec[], owners: NameOwners, log: LogPort, timing: BusTiming) {
    this.#log = log;
    this.#timing = timing;
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
  }

  #onOwner(name: string, owner: string | undefined): void {
    const link = this.#link;
    if (link === undefined) return;
    if (owner === undefined) this.#request(link, name);
    else if (owner === link.uniqueName) this.#refused.delete(name);
    else this.#sayTaken(link, name, owner);
  }

  #request(link: Link, name: string): void {
    link.call(busCall("RequestName", "su", [name, DO_NOT_QUEUE], "u"), (result) => {
      // Another process may have been faster. The change of owner then says which.
      if (result.ok || result.error === DBUS_ERROR.disconnected) return;
      this.#onRefused(link, name, result.error);
    });
  }

  #onRefused(link: Link, name: string, error: string): void {
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
    link.call(busCall("GetConnectionUnixProcessID", "s", [owner], "u"), (result) => {
      if (!result.ok && result.error === DBUS_ERROR.disconnected) return;
      this.#log.write({
        level: "error",
        text:
          `another process${processOf(result)} owns ${name} on the bus: nvme-stas, or another instance of this daemon. ` +
          "Stop it (nvme-stas: systemctl stop stafd stacd), because the two work against each other. This daemon takes the " +
          "name as soon as it is free",
      });
    });
  }
}

function processOf(result: LinkResult): string {
  const pid = result.ok ? result.values[0] : undefined;
  return typeof pid === "number" ? ` (pid ${String(pid)})` : "";
}
