/** Open descriptors of controllers, by the handles that the core uses. */
import type { HandleId, HandlePurpose } from "../../core/ports/sysfs.js";
import { closeNow } from "./device-file.js";

/** The most handles open at once; EMFILE beyond. Well below the descriptor limit of a process (4096 or more). */
export const HANDLES_MAX = 2_048;

interface Opened {
  readonly fd: number;
  readonly purpose: HandlePurpose;
  /** Calls that use the descriptor, including waiting ones. */
  calls: number;
  isClosed: boolean;
}

/** A descriptor that stays open until it is released, even if its handle is closed in the meantime. */
export interface Borrowed {
  readonly fd: number;
  /** Call it once, when the call has ended. */
  readonly release: () => void;
}

/** Shared by the ports that open, use and close handles. */
export class HandleTable {
  readonly #open = new Map<HandleId, Opened>();
  #next = 1;

  /** Takes ownership of a descriptor. `undefined` if the table is full: the descriptor then stays with the caller. */
  add(fd: number, purpose: HandlePurpose): HandleId | undefined {
    if (this.#open.size >= HANDLES_MAX) return undefined;
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- here the brand is made
    const handle = this.#next++ as HandleId;
    this.#open.set(handle, { fd, purpose, calls: 0, isClosed: false });
    return handle;
  }

  /** The descriptor for one call; `undefined` if the handle is not open for this purpose (EBADF). */
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

  /** Does nothing if the handle is not open. A descriptor in use closes when its last call ends, so no call sees its number reused. */
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
