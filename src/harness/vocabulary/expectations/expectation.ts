/** Expectations: words that watch the run. */
import type { Observer, Report } from "../../observers/observer.js";
import type { RunView } from "../../observers/run-view.js";
import { type Definition, type RecordWord, word } from "../word.js";

interface Watching<Value> {
  /** Makes the observer of one run for one expectation of this word. */
  observe(expectation: Value, view: RunView, report: Report): Observer;
}

/** A word of the list of expectations. */
export interface ExpectationWord<Value> extends RecordWord<Value>, Watching<Value> {}

/** Defines an expectation: what a file says, and which observer watches the run for it. */
export function expectation<const K extends string, Value extends object>(
  definition: Definition<K, Value> & Watching<Value>,
): ExpectationWord<{ readonly kind: K } & Value> {
  return { ...word(definition), observe: (value, view, report) => definition.observe(value, view, report) };
}
