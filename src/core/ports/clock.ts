import type { Milliseconds } from "../domain/units.js";

/** Time and timers for the core. */
export interface ClockPort {
  /** Monotonic time since an arbitrary start. Never steps. */
  now(): Milliseconds;
  /** Wall time since the Unix epoch. May step in either direction. */
  wallTime(): Milliseconds;
  /**
   * Arms a named timer to fire once after `delay` (>= 0, any length). It replaces an armed timer of that name.
   */
  arm(timer: string, delay: Milliseconds): void;
  /** Disarms a named timer. Does nothing if it is not armed. */
  disarm(timer: string): void;
}

/** A named timer fired. */
export interface TimerEvent {
  readonly kind: "timer";
  readonly timer: string;
}
