import { Milliseconds } from "../../core/domain/units.js";
import type { ClockPort } from "../../core/ports/clock.js";
import type { Deliver } from "./deliver.js";

/** `setTimeout` fires at once above this, so a longer delay takes several steps. */
const STEP_MAX = Milliseconds(2 ** 31 - 1);

interface Armed {
  readonly deadline: Milliseconds;
  handle: NodeJS.Timeout;
}

/** Named timers on top of Node's, and the two clocks. CLOCK_MONOTONIC stands still while the host sleeps. */
export class RealClock implements ClockPort {
  readonly #deliver: Deliver;
  readonly #armed = new Map<string, Armed>();

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  now(): Milliseconds {
    return Milliseconds(Math.floor(performance.now()));
  }

  wallTime(): Milliseconds {
    return Milliseconds(Date.now());
  }

  arm(timer: string, delay: Milliseconds): void {
    this.disarm(timer);
    const deadline = Milliseconds(this.now() + delay);
    this.#armed.set(timer, { deadline, handle: this.#step(timer, deadline) });
  }

  disarm(timer: string): void {
    const armed = this.#armed.get(timer);
    if (armed === undefined) return;
    clearTimeout(armed.handle);
    this.#armed.delete(timer);
  }

  /** Disarms everything. */
  close(): void {
    for (const timer of [...this.#armed.keys()]) this.disarm(timer);
  }

  #step(timer: string, deadline: Milliseconds): NodeJS.Timeout {
    const wait = Math.min(Math.max(0, deadline - this.now()), STEP_MAX);
    return setTimeout(() => {
      this.#elapsed(timer);
    }, wait);
  }

  /** Node may call a millisecond early by our clock, and a step may not be the last. */
  #elapsed(timer: string): void {
    const armed = this.#armed.get(timer);
    if (armed === undefined) return;
    if (this.now() < armed.deadline) {
      armed.handle = this.#step(timer, armed.deadline);
      return;
    }
    this.#armed.delete(timer);
    this.#deliver({ kind: "timer", timer });
  }
}
