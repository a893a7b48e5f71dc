/** How often something happened in a part of the run. */
import type { Milliseconds } from "../../../core/domain/units.js";
import { failed, type Finding, formatTime, MET } from "../../observers/observer.js";
import type { Range } from "../parts/times.js";
import type { Bound } from "./window.js";

/** How many occurrences a report shows. It only counts the rest. */
const TIMES_SHOWN_MAX = 5;

/** Counts occurrences within a window. */
export class Tally {
  readonly #window: Range;
  readonly #times: string[] = [];
  #count = 0;

  constructor(window: Range) {
    this.#window = window;
  }

  /** Adds an occurrence. `what` distinguishes it from others and may be empty. */
  add(at: Milliseconds, what: string): void {
    if (at < this.#window.from || at > this.#window.to) return;
    this.#count += 1;
    if (this.#times.length < TIMES_SHOWN_MAX) this.#times.push(`at ${formatTime(at)}${what === "" ? "" : `: ${what}`}`);
  }

  /** Whether it happened as often as expected. */
  finding(bound: Bound): Finding {
    return isWithin(bound, this.#count) ? MET : failed(String(this.#count), ...this.#times);
  }
}

/** Whether a bound allows this number. */
export function isWithin({ kind, count }: Bound, found: number): boolean {
  switch (kind) {
    case "is":
      return found === count;
    case "at-most":
      return found <= count;
    case "at-least":
      return found >= count;
  }
}

/** Prints a bound: `at most 3`. */
export function formatBound({ kind, count }: Bound): string {
  return kind === "is" ? String(count) : `${kind === "at-most" ? "at most" : "at least"} ${String(count)}`;
}
