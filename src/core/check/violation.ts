import { AssertionError } from "../domain/assertion.js";

/** Throws AssertionError: `violated` says what does not hold, and of what. */
export function violation(violated: string): never {
  throw new AssertionError(violated);
}
