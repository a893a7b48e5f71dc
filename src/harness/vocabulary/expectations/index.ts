/** The words of the list of expectations, in the order of the reference. */
import type { Observer, Report } from "../../observers/observer.js";
import type { RunView } from "../../observers/run-view.js";
import { oneOf, wordsByKey, type WordValue } from "../word.js";
import { connectString } from "./connect-string.js";
import { connected } from "./connected.js";
import { count } from "./count.js";
import { disconnected } from "./disconnected.js";
import type { ExpectationWord } from "./expectation.js";
import { explain } from "./explain.js";
import { file } from "./file.js";
import { log } from "./log.js";
import { never } from "./never.js";
import { paths } from "./paths.js";
import { process } from "./process.js";
import { settled } from "./settled.js";
import { state } from "./state.js";
import { throughout } from "./throughout.js";
import { within } from "./within.js";

export const EXPECTATIONS = [
  connected,
  disconnected,
  throughout,
  paths,
  within,
  never,
  connectString,
  count,
  log,
  state,
  explain,
  file,
  process,
  settled,
] as const;

/** What must be seen in a run. */
export type Expectation = WordValue<(typeof EXPECTATIONS)[number]>;

export const expectationPart = oneOf(EXPECTATIONS);

const wordOf = wordsByKey<ExpectationWord<Expectation>>(EXPECTATIONS);

/** Makes the observer of one run for one expectation. */
export function observe(expectation: Expectation, view: RunView, report: Report): Observer {
  return wordOf(expectation.kind).observe(expectation, view, report);
}
