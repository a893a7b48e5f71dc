/** Branded units of time. This project never uses a bare number as a duration. */

declare const unit: unique symbol;

/** A duration or a clock reading, in whole milliseconds. */
export type Milliseconds = number & { readonly [unit]: "ms" };

/** A duration in whole seconds, as in configuration files and kernel options. */
export type Seconds = number & { readonly [unit]: "s" };

export function Milliseconds(value: number): Milliseconds {
  return value as Milliseconds;
}

export function Seconds(value: number): Seconds {
  return value as Seconds;
}

/** `clock + duration`. */
export function later(clock: Milliseconds, duration: Milliseconds): Milliseconds {
  return Milliseconds(clock + duration);
}

/** The time from one clock reading to another; 0 if `to` is in the past. */
export function between(from: Milliseconds, to: Milliseconds): Milliseconds {
  return Milliseconds(Math.max(0, to - from));
}

/** Prints a duration for a person: `250 ms`, `3 s`, `1.5 s`. */
export function formatDuration(duration: Milliseconds): string {
  return duration < 1000 ? `${String(duration)} ms` : `${String(duration / 1000)} s`;
}
