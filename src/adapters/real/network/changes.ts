/** Detects changes of the network interfaces. */
import { ERRNO } from "../../../core/domain/errno.js";
import { Milliseconds } from "../../../core/domain/units.js";
import type { Libc } from "../libc.js";
import { POLLIN, type FdWatcher } from "../watcher.js";
import { AF_NETLINK, encodeNetlinkAddress, NETLINK_ROUTE, RTMGRP, SOCK_RAW_CLOEXEC_NONBLOCK } from "./rtnetlink.js";

/** Notifications come in bursts: setting up an interface sends a dozen. One comparison covers a burst. */
export const SETTLE = Milliseconds(50);

/** How often the port compares the listing if the kernel cannot report changes. */
export const COMPARE_PERIOD = Milliseconds(10_000);

/** Datagrams read per turn. The rest wait in the socket for the next one. */
const DATAGRAMS_PER_TURN = 1_000;

const ALL_GROUPS = RTMGRP.link | RTMGRP.ipv4Address | RTMGRP.ipv6Address;

/** Calls back whenever something may have changed, until it is closed. */
export interface ChangeHints {
  close(): void;
}

/** Hints at a fixed interval. */
export class PeriodicHints implements ChangeHints {
  readonly #timer: NodeJS.Timeout;

  constructor(hint: () => void) {
    this.#timer = setInterval(hint, COMPARE_PERIOD);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

type OpenedHints = { readonly ok: true; readonly hints: ChangeHints } | { readonly ok: false; readonly errno: number };

/**
 * Hints from the kernel: one for all notifications within `SETTLE`. Notifications lost in an overrun count as well. `broken` is
 * called once when the socket can no longer be read; nothing comes after it.
 */
export function openKernelHints(
  libc: Libc,
  watcher: FdWatcher,
  on: { readonly hint: () => void; readonly broken: (errno: number) => void },
): OpenedHints {
  const made = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC_NONBLOCK, NETLINK_ROUTE);
  if (!made.ok) return made;
  const bound = libc.bind(made.value, encodeNetlinkAddress(ALL_GROUPS));
  if (bound.ok) return { ok: true, hints: new KernelHints(libc, watcher, { fd: made.value, ...on }) };
  libc.close(made.value);
  return bound;
}

class KernelHints implements ChangeHints {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #hint: () => void;
  readonly #broken: (errno: number) => void;
  readonly #unwatch: () => void;
  /** The listing shows what changed, so the messages are not read: the kernel drops what does not fit this buffer. */
  readonly #scrap = Buffer.alloc(16);
  #settling: NodeJS.Timeout | undefined;
  #open = true;

  constructor(
    libc: Libc,
    watcher: FdWatcher,
    means: { readonly fd: number; readonly hint: () => void; readonly broken: (errno: number) => void },
  ) {
    this.#libc = libc;
    this.#fd = means.fd;
    this.#hint = means.hint;
    this.#broken = means.broken;
    this.#unwatch = watcher.watch(means.fd, POLLIN, () => {
      this.#drain();
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#settling);
    this.#unwatch();
    this.#libc.close(this.#fd);
  }

  #drain(): void {
    for (let count = 0; count < DATAGRAMS_PER_TURN; count++) {
      const got = this.#libc.recv(this.#fd, this.#scrap, 0);
      if (got.ok || got.errno === ERRNO.ENOBUFS) {
        this.#settle();
      } else if (got.errno === ERRNO.EAGAIN) {
        return;
      } else if (got.errno !== ERRNO.EINTR) {
        this.close();
        this.#broken(got.errno);
        return;
      }
    }
  }

  #settle(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#hint();
    }, SETTLE);
  }
}
