/** The words of conditions, in the order of the reference. */
import type { RunView } from "../../observers/run-view.js";
import { titled } from "../part.js";
import { oneOf, wordsByKey, type WordValue } from "../word.js";
import type { ConditionWord } from "./condition.js";
import { link } from "./link.js";
import { listener } from "./listener.js";
import { process } from "./process.js";

export const CONDITIONS = [link, listener, process] as const;

/** A condition of the world. */
export type Condition = WordValue<(typeof CONDITIONS)[number]>;

export const conditionPart = titled("condition", "A condition of the world.", oneOf(CONDITIONS));

const wordOf = wordsByKey<ConditionWord<Condition>>(CONDITIONS);

/** Prints a condition: `link eth0 is down`. */
export function formatCondition(condition: Condition): string {
  return wordOf(condition.kind).format(condition);
}

/** Whether a condition holds now. */
export function holds(condition: Condition, view: RunView): boolean {
  return wordOf(condition.kind).holds(condition, view);
}
