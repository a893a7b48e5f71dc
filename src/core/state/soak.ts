/** Gathers changes before a service reconciles. */
import { armNoLater, type Context } from "./context.js";
import { AUDIT_PERIOD, RECONCILE_SOAK, RECONCILE_SOAK_WITHOUT_STAF } from "../domain/limits.js";
import { Milliseconds } from "../domain/units.js";
import type { ServiceName } from "../ports/bus.js";

/** Asks for a reconcile. The soak counts from the first request: a stream of events cannot postpone it. */
export function requestReconcile(context: Context, service: ServiceName): void {
  const { state } = context;
  if (state.phase !== "running" || state[service] === undefined) return;
  const alone = service === "stac" && state.staf === undefined && state.stac?.view.kind === "unknown";
  armNoLater(context, { kind: "soak", service }, alone ? RECONCILE_SOAK_WITHOUT_STAF : RECONCILE_SOAK);
}

/** An attempt at a path of stac has ended. A last path may wait for it. */
export function pathMoved(context: Context): void {
  if (context.state.stac?.holdsPaths === true) requestReconcile(context, "stac");
}

/** Has the index compared with the kernel at once, since something does not fit it. */
export function auditNow(context: Context): void {
  if (context.state.phase === "running") armNoLater(context, { kind: "audit" }, Milliseconds(0));
}

export function auditLater(context: Context): void {
  armNoLater(context, { kind: "audit" }, AUDIT_PERIOD);
}
