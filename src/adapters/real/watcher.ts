/** Watches descriptors that Node cannot watch, with one pool thread in poll(2) for all of them. */
import { ERRNO, errnoName } from "../../core/domain/errno.js";
import { stableBuffer, type Libc } from "./libc.js";

export const POLLIN = 0x1;
export const POLLOUT = 0x4;
const POLLNVAL = 0x20;
const POLL_RECORD = 8;
const WAIT_FOR_EVER = -1;

interface Watched {
  readonly fd: number;
  readonly events: number;
  readonly ready: (events: number) => void;
}

/**
 * Calls back on the main thread while a descriptor is ready (level-triggered: the callback reads until EAGAIN). Keeps the process
 * alive while it watches anything.
 */
export class FdWatcher {
  readonly #libc: Libc;
  readonly #wakeFd: number;
  readonly #watched = new Set<Watched>();
  #polling = false;

  /** Throws if the kernel has no descriptor left. */
  constructor(libc: Libc) {
    this.#libc = libc;
    const made = libc.eventfd();
    if (!made.ok) throw new Error(`eventfd fails with ${errnoName(made.errno)}`);
    this.#wakeFd = made.value;
  }

  /** Watches until you call the returned function. Call it before you close the descriptor. `ready` receives poll's revents. */
  watch(fd: number, events: number, ready: (events: number) => void): () => void {
    const watched: Watched = { fd, events, ready };
    this.#watched.add(watched);
    if (this.#polling) this.#libc.wake(this.#wakeFd);
    else void this.#run();
    return () => {
      this.#watched.delete(watched);
      this.#libc.wake(this.#wakeFd);
    };
  }

  async #run(): Promise<void> {
    this.#polling = true;
    while (this.#watched.size > 0) await this.#round();
    this.#polling = false;
  }

  async #round(): Promise<void> {
    const watched = [...this.#watched];
    const records = stableBuffer(POLL_RECORD * (watched.length + 1));
    [{ fd: this.#wakeFd, events: POLLIN }, ...watched].forEach(({ fd, events }, index) => {
      records.writeInt32LE(fd, index * POLL_RECORD);
      records.writeInt16LE(events, index * POLL_RECORD + 4);
    });
    const polled = await this.#libc.poll(records, watched.length + 1, WAIT_FOR_EVER);
    if (!polled.ok) {
      // Any other error would return at once, again and again.
      if (polled.errno !== ERRNO.EINTR) throw new Error(`poll fails with ${errnoName(polled.errno)}`);
      return;
    }
    const revents = (index: number): number => records.readInt16LE(index * POLL_RECORD + 6);
    if (revents(0) !== 0) this.#libc.unwake(this.#wakeFd);
    watched.forEach((one, index) => {
      const events = revents(index + 1);
      if (events === 0 || !this.#watched.has(one)) return;
      if ((events & POLLNVAL) !== 0) throw new Error("a descriptor was closed while it was watched");
      one.ready(events);
    });
  }
}
