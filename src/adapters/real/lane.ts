/** Shares libuv's pool out: a lane of calls that may block takes no more than its own threads. */

/**
 * Threads of libuv's pool, set before it starts (`src/bin/stas-daemon.cts`). An idle one costs a few KiB. More than all lanes
 * together, so that there is always one for a file or for the poll of kernel events.
 */
export const POOL_THREADS = 128;

/** Threads that calls of one kind may hold at once. */
export const LANE = {
  /** Connects and reads of the option line: the core hands four at once to the kernel, which serialises them. */
  connects: 8,
  /** A delete of a live controller behind a dead link takes 63 s (6.12-cloud.s7.log). */
  deletes: 64,
  /** An ioctl whose link dies takes 7 s and more. */
  admin: 32,
  /** getaddrinfo waits for name servers; libuv itself gives such calls half of the pool. */
  names: 8,
} as const;

/** Runs jobs, `width` at once; the others wait, first come first served. Bounded by what the core asks for. */
export class Lane {
  readonly #width: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(width: number) {
    this.#width = width;
  }

  /** Takes a job that never rejects. */
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
