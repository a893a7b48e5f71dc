/** An oracle: what must hold in every run, regardless of what the scenario expects. */
import type { Observe } from "../observers/observer.js";

/** An oracle by its name. */
export interface Oracle {
  readonly name: string;
  readonly observe: Observe;
}
