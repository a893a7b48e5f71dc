/** The words of conditions, in the order of the reference. */
import type { RunView } from "../../observers/run-view.js";
import { oneOf, wordsByKey, type WordValue } from "../word.js";
import type { ConditionWord, Follower } from "./condition.js";
import { link } from "./link.js";
import { listener } from "./listener.js";
import { process } from "./process.js";

export const CONDITIONS = [link, listener, process] as const;

/** A condition of the world. */
export type Condition = WordValue<(typeof CONDITIONS)[number]>;

export const conditionPart = oneOf("one of { link }, { listener }, { process }", CONDITIONS);

const wordOf = wordsByKey<ConditionWord<Condition>>(CONDITIONS);

/** Prints a condition: `link eth0 is down`. */
export function formatCondition(condition: Condition): string {
  return wordOf(condition.kind).format(condition);
}

/** Follows a condition through one run. */
export function followerOf(condition: Condition, view: RunView): Follower {
  return wordOf(condition.kind).follow(condition, view);
}
