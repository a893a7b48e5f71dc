/** Counted assertions. */
import { isDeepStrictEqual } from "node:util";
import { inspect } from "node:util";

/** An assertion that did not hold. */
export class Unmet extends Error {
  override readonly name = "Unmet";
}

/** Every call is one assertion. The first that does not hold ends the check. `what` names the compared value. */
export class Expect {
  #count = 0;

  /** How many assertions were made so far, including a failed one. */
  get count(): number {
    return this.#count;
  }

  equal<Value>(what: string, actual: Value, expected: NoInfer<Value>): void {
    this.that(isDeepStrictEqual(actual, expected), `${what}: expected ${show(expected)}, got ${show(actual)}`);
  }

  matches(what: string, actual: string, pattern: RegExp): void {
    this.that(pattern.test(actual), `${what}: expected ${String(pattern)}, got ${show(actual)}`);
  }

  atMost(what: string, actual: number, bound: number): void {
    this.that(actual <= bound, `${what}: expected at most ${bound}, got ${actual}`);
  }

  atLeast(what: string, actual: number, bound: number): void {
    this.that(actual >= bound, `${what}: expected at least ${bound}, got ${actual}`);
  }

  /** Asserts any condition; `otherwise` is the reason if it does not hold. */
  that(holds: boolean, otherwise: string): void {
    this.#count += 1;
    if (!holds) throw new Unmet(otherwise);
  }
}

function show(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: 160, maxArrayLength: 60, sorted: true });
}
