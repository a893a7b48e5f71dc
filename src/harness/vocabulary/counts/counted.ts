/** What can be counted: words that watch for occurrences. */
import type { Milliseconds } from "../../../core/domain/units.js";
import type { Observer } from "../../observers/observer.js";
import type { RunView } from "../../observers/run-view.js";
import { type Definition, type RecordWord, word } from "../word.js";

/** Adds an occurrence. `what` distinguishes it from others and may be empty. */
export type Add = (at: Milliseconds, what: string) => void;

interface Counting<Value> {
  /** Prints what is counted: `connects of dc1`. */
  format(counted: Value): string;
  /** Makes the observer that adds the occurrences of one run. */
  watch(counted: Value, view: RunView, add: Add): Observer;
}

/** A word of what can be counted. */
export interface CountWord<Value> extends RecordWord<Value>, Counting<Value> {}

/** Defines what can be counted: what a file says, and which observer watches the run for it. */
export function counted<const K extends string, Value extends object>(
  definition: Definition<K, Value> & Counting<Value>,
): CountWord<{ readonly kind: K } & Value> {
  return {
    ...word(definition),
    format: (value) => definition.format(value),
    watch: (value, view, add) => definition.watch(value, view, add),
  };
}
