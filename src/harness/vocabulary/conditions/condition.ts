/** Conditions of the world: words that follow a run. */
import type { WorldAction } from "../../../adapters/sim/actions.js";
import type { RunView } from "../../observers/run-view.js";
import { type Definition, type RecordWord, word } from "../word.js";

/** Follows one condition through a run. */
export interface Follower {
  /** A step is about to be done to the world. */
  acted?(action: WorldAction): void;
  holds(): boolean;
}

interface Following<Value> {
  /** The condition in words: `link eth0 is down`. */
  format(condition: Value): string;
  /** Makes what follows the condition through one run. */
  follow(condition: Value, view: RunView): Follower;
}

/** A word of the conditions. */
export interface ConditionWord<Value> extends RecordWord<Value>, Following<Value> {}

/** Defines a condition: what a file says, and who knows whether it holds. */
export function condition<const K extends string, Value extends object>(
  definition: Definition<K, Value> & Following<Value>,
): ConditionWord<{ readonly kind: K } & Value> {
  return {
    ...word(definition),
    format: (value) => definition.format(value),
    follow: (value, view) => definition.follow(value, view),
  };
}
