/** A core that checks its own state after events. For simulations and tests. */
import { Core } from "../../core/core.js";
import type { CoreEvent } from "../../core/ports/index.js";

/**
 * How many things a check examines per event, on average: a state of ten things is checked after every fifth event.
 * So checks take less than a tenth of a run, regardless of the number of controllers.
 */
const THINGS_PER_EVENT = 2;

export class CheckedCore extends Core {
  /** Things that a check may examine before the next event. The first event is always checked. */
  #credit = Number.POSITIVE_INFINITY;

  override dispatch(event: CoreEvent): void {
    super.dispatch(event);
    this.#credit += THINGS_PER_EVENT;
    if (this.#credit < this.checkSize) return;
    this.#credit = 0;
    this.check();
  }
}
