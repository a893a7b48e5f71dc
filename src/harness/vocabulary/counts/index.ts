/** The words of what can be counted, in the order of the reference. */
import type { Observer } from "../../observers/observer.js";
import type { RunView } from "../../observers/run-view.js";
import { titled } from "../part.js";
import { oneOf, wordsByKey, type WordValue } from "../word.js";
import { calls } from "./calls.js";
import { connects } from "./connects.js";
import type { Add, CountWord } from "./counted.js";
import { crashes } from "./crashes.js";
import { disconnects } from "./disconnects.js";
import { logReads } from "./log-reads.js";
import { probes } from "./probes.js";
import { reconciles } from "./reconciles.js";
import { registrations } from "./registrations.js";
import { unitRestarts } from "./unit-restarts.js";

export const COUNTS = [
  connects,
  disconnects,
  probes,
  logReads,
  registrations,
  calls,
  reconciles,
  unitRestarts,
  crashes,
] as const;

/** What is counted. */
export type Counted = WordValue<(typeof COUNTS)[number]>;

export const countedPart = titled("counted", "What is counted.", oneOf(COUNTS));

const wordOf = wordsByKey<CountWord<Counted>>(COUNTS);

/** Prints what is counted: `connects of dc1`. */
export function formatCounted(counted: Counted): string {
  return wordOf(counted.kind).format(counted);
}

/** Makes the observer that adds the occurrences of one run. */
export function watchCounted(counted: Counted, view: RunView, add: Add): Observer {
  return wordOf(counted.kind).watch(counted, view, add);
}
