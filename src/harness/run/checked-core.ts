/** A core that checks its state after its events. For simulations and tests. */
import { Core } from "../../core/core.js";
import type { CoreEvent } from "../../core/ports/index.js";

/**
 * Things that a check looks at, for each event, on average: a state of ten things is checked after every fifth event. So checks
 * cost less than a tenth of a run, however many controllers there are.
 */
const THINGS_PER_EVENT = 2;

export class CheckedCore extends Core {
  /** Things that may be looked at before the next event. The first event is always checked. */
  #credit = Number.POSITIVE_INFINITY;

  override dispatch(event: CoreEvent): void {
    super.dispatch(event);
    this.#credit += THINGS_PER_EVENT;
    if (this.#credit < this.checkSize) return;
    this.#credit = 0;
    this.check();
  }
}
