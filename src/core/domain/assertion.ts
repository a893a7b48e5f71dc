/** What the core takes for granted about itself, said where it can be checked at no cost. */

/** Our own bug: something that always holds does not. Neither the world nor the user can cause it. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Throws AssertionError unless `holds`.
 *
 * @param violated what does not hold; a constant text, since it is made on every call
 */
export function assert(holds: boolean, violated: string): asserts holds {
  if (!holds) throw new AssertionError(violated);
}
