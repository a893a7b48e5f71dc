import { performance } from "node:perf_hooks";
import { Milliseconds } from "../../../core/domain/units.js";

const WINDOW = Milliseconds(1_000);
/** The limiter reports a flood that goes on again after this time. */
const TOLD_EVERY = Milliseconds(60_000);

/** Lets `max` items through per second, and calls `flood` when more come. */
export class RateLimit {
  readonly #max: number;
  readonly #flood: () => void;
  readonly #now: () => number;
  #windowEnd = 0;
  #taken = 0;
  #toldUntil = 0;

  constructor(max: number, flood: () => void, now: () => number = () => performance.now()) {
    this.#max = max;
    this.#flood = flood;
    this.#now = now;
  }

  /** False for an item beyond the limit. */
  take(): boolean {
    const now = this.#now();
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW;
      this.#taken = 0;
    }
    this.#taken += 1;
    if (this.#taken <= this.#max) return true;
    if (now >= this.#toldUntil) {
      this.#toldUntil = now + TOLD_EVERY;
      this.#flood();
    }
    return false;
  }
}
