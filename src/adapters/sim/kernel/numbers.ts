/** A pool of numbers. It hands out the lowest free number. */
export class LowestFree {
  readonly #first: number;
  /** Freed numbers below `#next`, as a binary heap. */
  readonly #free: number[] = [];
  #next: number;

  constructor(first: number) {
    this.#first = first;
    this.#next = first;
  }

  take(): number {
    const lowest = this.#free[0];
    if (lowest === undefined) return this.#next++;
    const last = this.#free.pop();
    if (last !== undefined && this.#free.length > 0) this.#sink(last);
    return lowest;
  }

  /** Takes this number. Returns false if it is not free. */
  claim(number: number): boolean {
    if (!Number.isSafeInteger(number) || number < this.#first) return false;
    while (this.#next <= number) this.release(this.#next++);
    const index = this.#free.indexOf(number);
    if (index === -1) return false;
    const rest = this.#free.splice(0).filter((free) => free !== number);
    for (const free of rest) this.release(free);
    return true;
  }

  /** Gives a number back. It must be taken. */
  release(number: number): void {
    let at = this.#free.push(number) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#free[parent];
      if (above === undefined || above <= number) break;
      this.#free[at] = above;
      at = parent;
    }
    this.#free[at] = number;
  }

  #sink(number: number): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const leftValue = this.#free[left];
      if (leftValue === undefined) break;
      const rightValue = this.#free[left + 1];
      const [child, value] =
        rightValue !== undefined && rightValue < leftValue ? [left + 1, rightValue] : [left, leftValue];
      if (value >= number) break;
      this.#free[at] = value;
      at = child;
    }
    this.#free[at] = number;
  }
}
