import { performance } from "node:perf_hooks";
import { Milliseconds } from "../../../core/domain/units.js";

const WINDOW = Milliseconds(1_000);
/** A flood that lasts is told of again after this time. */
const TOLD_EVERY = Milliseconds(60_000);

/** Lets so many through in each second, and says when it did not. */
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

  /** False for what is too much. */
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
