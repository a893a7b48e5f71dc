/** The udev port: the kernel's uevents, over netlink if koffi loads, else through `udevadm monitor`. */
import { errnoName } from "../../core/domain/errno.js";
import { formatDuration, Milliseconds } from "../../core/domain/units.js";
import type { LogPort } from "../../core/ports/log.js";
import type { Deliver } from "./deliver.js";
import type { Libc } from "./libc.js";
import { NetlinkUevents } from "./netlink.js";
import { UdevadmMonitor } from "./udevadm.js";
import type { FdWatcher } from "./watcher.js";

interface UeventParts {
  /** Both absent if koffi does not load. */
  readonly libc: Libc | undefined;
  readonly watcher: FdWatcher | undefined;
  readonly deliver: Deliver;
  readonly log: LogPort;
  /** The command that replaces netlink; absent: systemd's udevadm. */
  readonly monitor?: readonly string[];
}

/** An open source of uevents. */
interface Uevents {
  /** Closes the source. Delivers nothing afterwards. */
  close(): void;
}

/**
 * Binds, and from then on delivers the uevents of subsystem `nvme`, the only ones that the core reads. Replaces a source that
 * breaks, and reports a possible loss as `uevent-overflow`.
 */
export function openUevents(parts: UeventParts): Uevents {
  return new UeventSource(parts);
}

/** An overflow makes the core list every controller of the host. In a flood, that happens at most once in this time. */
export const OVERFLOW_PERIOD = Milliseconds(1_000);

const HOW_TO_FIX =
  "Check that udevadm is installed, and that the service may open netlink sockets (RestrictAddressFamilies=)";

class UeventSource implements Uevents {
  readonly #parts: UeventParts;
  #source: Uevents | undefined;
  /** Runs while the next overflow has to wait. */
  #held: NodeJS.Timeout | undefined;
  #lostAgain = false;
  #endSaid = false;

  constructor(parts: UeventParts) {
    this.#parts = parts;
    const { libc, watcher } = parts;
    if (libc === undefined || watcher === undefined) this.#useMonitor("koffi does not load on this machine");
    else this.#useNetlink(libc, watcher);
  }

  close(): void {
    clearTimeout(this.#held);
    this.#source?.close();
    this.#source = undefined;
  }

  #useNetlink(libc: Libc, watcher: FdWatcher): void {
    const { deliver, log } = this.#parts;
    const opened = NetlinkUevents.open({
      libc,
      watcher,
      deliver,
      log,
      overflow: () => {
        this.#overflow();
      },
      broken: (errno) => {
        this.#useMonitor(`the netlink socket fails with ${errnoName(errno)}`);
      },
    });
    if (opened.ok) this.#source = opened.uevents;
    else this.#useMonitor(`there is no netlink socket: ${errnoName(opened.errno)}`);
  }

  #useMonitor(because: string): void {
    this.#parts.log.write({ level: "warning", text: `kernel events are read by udevadm monitor: ${because}` });
    const { deliver, monitor } = this.#parts;
    this.#source = new UdevadmMonitor({
      deliver,
      overflow: () => {
        this.#overflow();
      },
      ended: (again) => {
        const level = this.#endSaid ? "debug" : "error";
        this.#endSaid = true;
        const text = `udevadm monitor is not running, so kernel events are noticed late; it is started again in ${formatDuration(again)}. ${HOW_TO_FIX}`;
        this.#parts.log.write({ level, text });
      },
      ...(monitor === undefined ? {} : { command: monitor }),
    });
  }

  /** Reports the first overflow at once, and those within the next `OVERFLOW_PERIOD` together at its end. */
  #overflow(): void {
    if (this.#held !== undefined) {
      this.#lostAgain = true;
      return;
    }
    this.#parts.deliver({ kind: "uevent-overflow" });
    this.#held = setTimeout(() => {
      this.#held = undefined;
      if (this.#lostAgain) this.#overflow();
    }, OVERFLOW_PERIOD);
    this.#lostAgain = false;
  }
}
