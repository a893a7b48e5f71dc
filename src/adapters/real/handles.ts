/** Open descriptors of controllers, by the handles that the core knows them by. */
import type { HandleId, HandlePurpose } from "../../core/ports/sysfs.js";
import { closeNow } from "./device-file.js";

/** Handles open at once, at most; EMFILE beyond. Well below the descriptors that a process is allowed (4096 and more). */
export const HANDLES_MAX = 2_048;

interface Opened {
  readonly fd: number;
  readonly purpose: HandlePurpose;
  /** Calls that use the descriptor, waiting ones included. */
  calls: number;
  isClosed: boolean;
}

/** A descriptor that stays open until it is given back, whatever becomes of its handle meanwhile. */
export interface Borrowed {
  readonly fd: number;
  /** To be called once, when the call has ended. */
  readonly release: () => void;
}

/** Shared by the ports that open, use and close handles. */
export class HandleTable {
  readonly #open = new Map<HandleId, Opened>();
  #next = 1;

  /** Takes a descriptor over. `undefined` where the table is full: the descriptor stays the caller's. */
  add(fd: number, purpose: HandlePurpose): HandleId | undefined {
    if (this.#open.size >= HANDLES_MAX) return undefined;
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- here the brand is made
    const handle = this.#next++ as HandleId;
    this.#open.set(handle, { fd, purpose, calls: 0, isClosed: false });
    return handle;
  }

  /** The descriptor for one call; `undefined` where the handle is not open, or open for something else (EBADF). */
  borrow(handle: HandleId, purpose: HandlePurpose): Borrowed | undefined {
    const opened = this.#open.get(handle);
    if (opened?.purpose !== purpose) return undefined;
    opened.calls += 1;
    return {
      fd: opened.fd,
      release: () => {
        opened.calls -= 1;
        closeIfUnused(opened);
      },
    };
  }

  /** Without effect where it is not open. A descriptor in use closes when the last call on it ends: its number is not reused under one. */
  close(handle: HandleId): void {
    const opened = this.#open.get(handle);
    if (opened === undefined) return;
    this.#open.delete(handle);
    opened.isClosed = true;
    closeIfUnused(opened);
  }
}

function closeIfUnused({ fd, calls, isClosed }: Opened): void {
  if (isClosed && calls === 0) closeNow(fd);
}
