/**
 * Whether an announced tcp address takes connections over the interface it was announced on, before the kernel is asked
 * to connect to it: a CDC may announce itself before it listens, and one family of two may lead nowhere.
 */
import { arm, disarm, log, newRequest, type Context } from "../state/context.js";
import { errnoName } from "../domain/errno.js";
import { formatTransportId } from "../domain/transport-id.js";
import { between, formatDuration, later, type Milliseconds } from "../domain/units.js";
import { REACH_PROBES_MAX, REACH_RETRIES, REACH_TIMEOUT } from "../domain/limits.js";
import type { ProbedEvent } from "../ports/network.js";
import type { RequestId } from "../ports/request.js";
import { requestReconcile } from "../state/soak.js";
import type { Target } from "../state/mdns.js";

/** Fires when the next probe is due: one timer for all targets. */
export const REACH_TIMER = "mdns reach";

/** Starts the probes that are due, as many as may run at once, and sees to the next. */
export function pumpProbes(context: Context): void {
  const { mdns, timers } = context.state;
  const now = context.ports.clock.now();
  let free = REACH_PROBES_MAX;
  let next: Milliseconds | undefined;
  for (const { reach } of mdns.targets.values()) if (reach.at === "probing") free -= 1;
  for (const [key, target] of mdns.targets) {
    if (target.reach.at !== "waiting") continue;
    if (target.reach.due > now) {
      next = next === undefined || target.reach.due < next ? target.reach.due : next;
    } else if (free > 0) {
      free -= 1;
      startProbe(context, key, target, target.reach.failures);
    }
  }
  // The end of a probe sees to those that are due and find no room.
  if (next === undefined) disarm(context, REACH_TIMER);
  else if (timers.get(REACH_TIMER) !== next) arm(context, REACH_TIMER, between(now, next));
}

function startProbe(context: Context, key: string, target: Target, failures: number): void {
  const { traddr, trsvcid, hostTraddr, hostIface } = target.tid;
  const request = newRequest(context, { kind: "reach", target: key });
  target.reach = { at: "probing", request, failures };
  const timeout = REACH_TIMEOUT;
  context.ports.network.probe(request, { traddr, trsvcid, hostTraddr, hostIface, depth: "tcp", timeout });
}

/** A probe ended. That of a target which is gone, or is another one by now, says nothing. */
export function onReached(context: Context, key: string, request: RequestId, result: ProbedEvent["result"]): void {
  const target = context.state.mdns.targets.get(key);
  if (target?.reach.at !== "probing" || target.reach.request !== request) return;
  const { failures } = target.reach;
  const name = formatTransportId(target.tid);
  if (result.ok) {
    target.reach = { at: "reachable" };
    const level = failures > 0 ? "info" : "debug";
    log(context, level, "is announced over mDNS and takes connections", name);
    requestReconcile(context, "staf");
    return;
  }
  const pause = REACH_RETRIES[Math.min(failures, REACH_RETRIES.length - 1)] ?? REACH_TIMEOUT;
  target.reach = { at: "waiting", due: later(context.ports.clock.now(), pause), failures: failures + 1 };
  const text = `is announced over mDNS and takes no connections (${errnoName(result.errno)}): not used, and tried again in ${formatDuration(pause)}`;
  log(context, failures === 0 ? "info" : "debug", text, name);
}
