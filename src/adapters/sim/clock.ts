import { createClock } from "@sinonjs/fake-timers";
import { Milliseconds } from "../../core/domain/units.js";

/** Cancels a callback. No effect once it ran. */
export type Cancel = () => void;

/** The time of a simulated world, in whole milliseconds. It jumps from one callback to the next. */
export interface SimClock {
  now(): Milliseconds;
  /**
   * Runs `callback` once, `delay` from now. Callbacks of one instant run in the order they were scheduled.
   * Throws `ClockMisuse` if the delay is negative or not a whole number.
   */
  after(delay: Milliseconds, callback: () => void): Cancel;
  /** Time of the next callback, or `undefined`. */
  nextAt(): Milliseconds | undefined;
  /** Jumps to the next callback and runs it. No effect if there is none. */
  step(): void;
  /** Moves time forward to `time`. Throws `ClockMisuse` if that is in the past or after `nextAt()`. */
  advanceTo(time: Milliseconds): void;
}

/** A delay or a jump is not valid. The caller's fault. */
class ClockMisuse extends Error {
  override readonly name = "ClockMisuse";
}

/** Throws `ClockMisuse` unless the delay is valid. */
export function assertDelay(delay: number): void {
  if (!Number.isSafeInteger(delay) || delay < 0) {
    throw new ClockMisuse(`a delay must be a whole number of milliseconds, 0 or more, not ${String(delay)}`);
  }
}

/** Throws `ClockMisuse` unless time may jump from `now` to `time`. */
export function assertAdvance(now: number, next: number | undefined, time: number): void {
  if (!Number.isSafeInteger(time) || time < now || (next !== undefined && time > next)) {
    throw new ClockMisuse(
      `cannot go to ${String(time)}: the time is ${String(now)} and the next callback is due at ${String(next)}`,
    );
  }
}

/** fake-timers fires a timer with a longer delay after 1 ms. */
const FAKE_DELAY_MAX_MS = 2 ** 31 - 1;

/** All callbacks of one instant, in the order they were scheduled. */
interface Bucket {
  readonly at: number;
  readonly waiting: { readonly callback: () => void }[];
  /** Its timer in fake-timers. `undefined` while it is too far ahead to have one. */
  timer: number | undefined;
}

type FakeTimers = ReturnType<typeof createClock>;

/** fake-timers exposes the time of its next timer only through its heap, which its types leave out. */
function nextTimerAt(fake: FakeTimers): number | undefined {
  const heap: unknown = Reflect.get(fake, "timerHeap");
  if (typeof heap !== "object" || heap === null) return undefined;
  const timers: unknown = Reflect.get(heap, "timers");
  const first: unknown = Array.isArray(timers) ? timers[0] : undefined;
  if (typeof first !== "object" || first === null) return undefined;
  const at: unknown = Reflect.get(first, "callAt");
  return typeof at === "number" ? at : undefined;
}

/**
 * A `SimClock` over fake-timers' own clock object, never installed globally and stepped synchronously.
 *
 * There is one fake timer per instant. Callbacks run outside of it, because inside, fake-timers turns a delay of 0 into
 * 1 ms. Instants too far ahead for fake-timers wait in `#far` until they are close enough.
 */
class FakeClock implements SimClock {
  readonly #fake: FakeTimers = createClock(0);
  readonly #buckets = new Map<number, Bucket>();
  readonly #far = new Set<Bucket>();
  /** Set by the fake timer that fired. */
  #due: Bucket | undefined;
  #now = 0;

  now(): Milliseconds {
    return Milliseconds(this.#now);
  }

  after(delay: Milliseconds, callback: () => void): Cancel {
    assertDelay(delay);
    const at = this.#now + delay;
    const bucket = this.#buckets.get(at) ?? this.#open(at);
    const entry = { callback };
    bucket.waiting.push(entry);
    return () => {
      this.#remove(bucket, entry);
    };
  }

  nextAt(): Milliseconds | undefined {
    const at = nextTimerAt(this.#fake) ?? this.#nearestFar();
    return at === undefined ? undefined : Milliseconds(at);
  }

  step(): void {
    if (nextTimerAt(this.#fake) === undefined) {
      const far = this.#nearestFar();
      if (far === undefined) return;
      this.#moveFake(far);
    }
    this.#fake.next();
    const bucket = this.#due;
    const entry = bucket?.waiting.shift();
    if (bucket === undefined || entry === undefined) return;
    this.#due = undefined;
    this.#now = bucket.at;
    this.#armFar();
    if (bucket.waiting.length > 0) this.#arm(bucket);
    else this.#buckets.delete(bucket.at);
    entry.callback();
  }

  advanceTo(time: Milliseconds): void {
    const next = this.nextAt();
    assertAdvance(this.#now, next, time);
    this.#now = time;
    if (time !== next) this.#moveFake(time);
  }

  #open(at: number): Bucket {
    const bucket: Bucket = { at, waiting: [], timer: undefined };
    this.#buckets.set(at, bucket);
    this.#arm(bucket);
    return bucket;
  }

  #arm(bucket: Bucket): void {
    const delay = bucket.at - this.#fake.now;
    if (delay > FAKE_DELAY_MAX_MS) {
      this.#far.add(bucket);
      return;
    }
    this.#far.delete(bucket);
    const fire = (): void => {
      this.#due = bucket;
    };
    bucket.timer = Number(this.#fake.setTimeout(fire, delay));
  }

  #armFar(): void {
    for (const bucket of this.#far) this.#arm(bucket);
  }

  /** Moves fake-timers' time forward. No timer may fire on the way. */
  #moveFake(time: number): void {
    this.#fake.tick(time - this.#fake.now);
    this.#armFar();
  }

  #nearestFar(): number | undefined {
    let nearest: number | undefined;
    for (const bucket of this.#far) nearest = nearest === undefined ? bucket.at : Math.min(nearest, bucket.at);
    return nearest;
  }

  #remove(bucket: Bucket, entry: Bucket["waiting"][number]): void {
    const index = bucket.waiting.indexOf(entry);
    if (index < 0) return;
    bucket.waiting.splice(index, 1);
    if (bucket.waiting.length > 0) return;
    this.#far.delete(bucket);
    this.#buckets.delete(bucket.at);
    if (bucket.timer !== undefined) this.#fake.clearTimeout(bucket.timer);
  }
}

/** A clock over @sinonjs/fake-timers. */
export function createFakeClock(): SimClock {
  return new FakeClock();
}
