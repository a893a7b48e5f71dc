import type { Milliseconds } from "../../core/domain/units.js";

/** Undoes a scheduling; without effect once it happened. */
export type Cancel = () => void;

/** The time of a simulated world. Whole milliseconds; jumps from one thing to the next. */
export interface SimClock {
  now(): Milliseconds;
  /** Runs `callback` once, `delay` (>= 0) from now; equals run in the order they were scheduled. */
  after(delay: Milliseconds, callback: () => void): Cancel;
  /** Time of the next callback, or `undefined`. */
  nextAt(): Milliseconds | undefined;
  /** Jumps to the next callback and runs it. */
  step(): void;
  /** Moves time forward to `time`, which must not be after `nextAt()`. */
  advanceTo(time: Milliseconds): void;
}
