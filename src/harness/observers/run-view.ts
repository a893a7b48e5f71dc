/** The view of a run that all observers share. */
import type { Truth } from "../truth/truth.js";
import type { RunFacts } from "./run-facts.js";

/** What an observer may ask of a run, at any moment. */
export interface RunView extends RunFacts {
  /** What the world wants connected, as far as the daemon can know. */
  readonly truth: Truth;
}
