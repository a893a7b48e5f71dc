/** Conditions of the world: words that are true at a moment, or are not. */
import type { RunView } from "../../observers/run-view.js";
import { type Definition, type RecordWord, word } from "../word.js";

interface Holding<Value> {
  /** Prints the condition: `link eth0 is down`. */
  format(condition: Value): string;
  /** Whether the condition holds now. */
  holds(condition: Value, view: RunView): boolean;
}

/** A word of the conditions. */
export interface ConditionWord<Value> extends RecordWord<Value>, Holding<Value> {}

/** Defines a condition: what a file says, and how a run shows whether it holds. */
export function condition<const K extends string, Value extends object>(
  definition: Definition<K, Value> & Holding<Value>,
): ConditionWord<{ readonly kind: K } & Value> {
  return {
    ...word(definition),
    format: (value) => definition.format(value),
    holds: (value, view) => definition.holds(value, view),
  };
}
