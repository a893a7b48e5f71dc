/** The waiters of a world, each with its deadline. */
import type { Milliseconds } from "../../src/core/domain/units.js";
import { Overdue } from "./host.js";

interface Waiter {
  readonly until: number;
  /** Resolves the waiter if its condition holds. Returns whether it did. */
  readonly settle: () => boolean;
  readonly giveUp: () => void;
}

export class Waiting {
  readonly #waiters = new Set<Waiter>();

  /** Resolves at once if `find` finds something now. */
  add<T>(what: string, find: () => T | undefined, until: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): boolean => {
        const found = find();
        if (found !== undefined) resolve(found);
        return found !== undefined;
      };
      const giveUp = (): void => {
        reject(new Overdue(what));
      };
      if (!settle()) this.#waiters.add({ until, settle, giveUp });
    });
  }

  get someone(): boolean {
    return this.#waiters.size > 0;
  }

  /** The earliest deadline. */
  get patience(): number {
    return Math.min(...[...this.#waiters].map(({ until }) => until));
  }

  /** Settles the waiters that found something and those past their deadline. Returns how many. */
  tell(now: Milliseconds): number {
    let told = 0;
    for (const waiter of [...this.#waiters]) {
      const settled = waiter.settle();
      if (!settled && now < waiter.until) continue;
      if (!settled) waiter.giveUp();
      this.#waiters.delete(waiter);
      told += 1;
    }
    return told;
  }
}
