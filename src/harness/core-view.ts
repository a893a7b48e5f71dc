/** What the harness asks of a running core besides `dispatch`. */
import type { ControllerDescription } from "../core/describe.js";
import type { ServiceName } from "../core/ports/bus.js";
import type { CoreEvent } from "../core/ports/index.js";

export type { ControllerDescription } from "../core/describe.js";

/** How often each service reconciled. */
export type Reconciles = Readonly<Record<ServiceName, number>>;

/** A core as the harness sees it. */
export interface ObservedCore {
  dispatch(event: CoreEvent): void;
  describe(): readonly ControllerDescription[];
  /** Obligations not yet met; empty if the core has settled. */
  pending(): readonly string[];
  /** Reconciles since its process started. */
  reconciles(): Reconciles;
  /** Its whole state as a plain value, safe to write as JSON. */
  snapshot(): unknown;
}
