/** Divides libuv's pool: calls that may block use only the threads of their lane. */

/**
 * Threads of libuv's pool, set before it starts (`src/bin/stas-daemon.cts`). An idle thread costs a few KiB. There are more than
 * all lanes use, so that one is always free for a file or for the poll of kernel events.
 */
export const POOL_THREADS = 128;

/** Threads that calls of one kind may use at once. */
export const LANE = {
  /** Connects and reads of the option line: the core gives the kernel four at once, and the kernel serialises them. */
  connects: 8,
  /** A delete of a live controller behind a dead link takes 63 s (6.12-cloud.s7.log). */
  deletes: 64,
  /** An ioctl whose link dies takes 7 s or more. */
  admin: 32,
  /** getaddrinfo waits for name servers. libuv itself allows such calls half of the pool. */
  names: 8,
} as const;

/** Runs `width` jobs at once; the others wait in order. The core limits how many wait. */
export class Lane {
  readonly #width: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(width: number) {
    this.#width = width;
  }

  /** Runs a job as soon as a thread is free. The job must never reject. */
  run(job: () => Promise<void>): void {
    this.#waiting.push(job);
    this.#next();
  }

  #next(): void {
    if (this.#running >= this.#width) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#running += 1;
    void job().finally(() => {
      this.#running -= 1;
      this.#next();
    });
  }
}
