import type { Milliseconds } from "../domain/units.js";

/** What the core asks of time. */
export interface ClockPort {
  /** Monotonic time since an arbitrary start. Never steps. */
  now(): Milliseconds;
  /** Wall time since the Unix epoch. May step in either direction. */
  wallTime(): Milliseconds;
  /**
   * Arms a named timer to fire once after `delay` (>= 0, any length). A timer of that name that
   * is armed already is replaced.
   */
  arm(timer: string, delay: Milliseconds): void;
  /** Disarms a named timer; without effect where it is not armed. */
  disarm(timer: string): void;
}

/** A named timer fired. */
export interface TimerEvent {
  readonly kind: "timer";
  readonly timer: string;
}
