/** Waits that cost the guest little. They report nothing, because a line to the host takes an emulated CPU a while. */
import type { Milliseconds, Seconds } from "../../../src/core/domain/units.js";
import { Unmet } from "../guest/expect.js";

interface Wait<Value> {
  readonly what: string;
  readonly limit: Seconds;
  /** The pause between polls, so that polling does not distort the measurement. */
  readonly every: Milliseconds;
  readonly look: () => Value | undefined | Promise<Value | undefined>;
  /** What is there instead, for the failure message. */
  readonly seen: () => string;
}

/** Polls until `look` returns something, and returns that. */
export async function until<Value>({ what, limit, every, look, seen }: Wait<Value>): Promise<Value> {
  const began = performance.now();
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() - began > limit * 1000) throw new Unmet(`waited ${limit} s for ${what}; seen: ${seen()}`);
    await pause(every);
  }
}

export function pause(duration: Milliseconds): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration));
}

export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
