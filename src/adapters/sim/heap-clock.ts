import { Milliseconds } from "../../core/domain/units.js";
import { assertAdvance, assertDelay, type Cancel, type SimClock } from "./clock.js";

interface Entry {
  readonly at: number;
  /** Order of scheduling. It decides between entries of one instant. */
  readonly order: number;
  readonly callback: () => void;
  /** Index in the heap. -1 once it fired or was cancelled. */
  index: number;
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/**
 * A `SimClock` over a binary heap. Measured on two busy cores with 10 to 10,000 callbacks waiting: 1.0 to 2.1 million
 * steps per second, against 0.16 to 0.5 million over fake-timers. A world dispatches 0.9 million events per second,
 * against 0.25 million. Entries know their index, so that a cancelled timer leaves nothing behind.
 */
class HeapClock implements SimClock {
  readonly #heap: Entry[] = [];
  #now = 0;
  #order = 0;

  now(): Milliseconds {
    return Milliseconds(this.#now);
  }

  after(delay: Milliseconds, callback: () => void): Cancel {
    assertDelay(delay);
    const entry: Entry = { at: this.#now + delay, order: this.#order++, callback, index: this.#heap.length };
    this.#heap.push(entry);
    this.#up(entry);
    return () => {
      if (entry.index >= 0) this.#remove(entry);
    };
  }

  nextAt(): Milliseconds | undefined {
    const first = this.#heap[0];
    return first === undefined ? undefined : Milliseconds(first.at);
  }

  step(): void {
    const first = this.#heap[0];
    if (first === undefined) return;
    this.#remove(first);
    this.#now = first.at;
    first.callback();
  }

  advanceTo(time: Milliseconds): void {
    assertAdvance(this.#now, this.#heap[0]?.at, time);
    this.#now = time;
  }

  #remove(entry: Entry): void {
    const index = entry.index;
    entry.index = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, index);
    this.#up(last);
    this.#down(last);
  }

  #place(entry: Entry, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }

  #up(entry: Entry): void {
    let index = entry.index;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || before(parent, entry)) break;
      this.#place(parent, index);
      index = above;
    }
    if (index !== entry.index) this.#place(entry, index);
  }

  #down(entry: Entry): void {
    const heap = this.#heap;
    let index = entry.index;
    for (;;) {
      let below = 2 * index + 1;
      let child = heap[below];
      const right = heap[below + 1];
      if (child === undefined) break;
      if (right !== undefined && before(right, child)) {
        child = right;
        below += 1;
      }
      if (before(entry, child)) break;
      this.#place(child, index);
      index = below;
    }
    if (index !== entry.index) this.#place(entry, index);
  }
}

/** The clock that simulations use, over a binary heap. */
export function createHeapClock(): SimClock {
  return new HeapClock();
}
