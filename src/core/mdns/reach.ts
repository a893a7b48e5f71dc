/**
 * Whether an announced tcp address takes connections over the interface it was announced on, before the kernel is asked
 * to connect to it: a CDC may announce itself before it listens, and one family of two may lead nowhere.
 */
import { armAt, log, newRequest, type Context } from "../state/context.js";
import { errnoName } from "../domain/errno.js";
import { formatTransportId } from "../domain/transport-id.js";
import { formatDuration, later, type Milliseconds } from "../domain/units.js";
import { REACH_PROBES_MAX, REACH_RETRIES, REACH_TIMEOUT } from "../domain/limits.js";
import type { ProbedEvent } from "../ports/network.js";
import type { RequestId } from "../ports/request.js";
import { requestReconcile } from "../state/soak.js";
import type { Reach, Target } from "../state/mdns.js";

/** Gives a target another standing; what follows from it starts at the end of the event. */
export function setReach({ state }: Context, target: Target, reach: Reach): void {
  target.reach = reach;
  state.mdns.probesMoved = true;
}

/** Starts the probes that are due, as many as may run at once, and sees to the next. Called after every event. */
export function pumpProbes(context: Context): void {
  const { mdns } = context.state;
  if (!mdns.probesMoved) return;
  mdns.probesMoved = false;
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
  armAt(context, { kind: "mdns-reach" }, next);
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
    setReach(context, target, { at: "reachable" });
    const level = failures > 0 ? "info" : "debug";
    log(context, level, "is announced over mDNS and takes connections", name);
    requestReconcile(context, "staf");
    return;
  }
  const pause = REACH_RETRIES[Math.min(failures, REACH_RETRIES.length - 1)] ?? REACH_TIMEOUT;
  const due = later(context.ports.clock.now(), pause);
  setReach(context, target, { at: "waiting", due, failures: failures + 1 });
  const text = `is announced over mDNS and takes no connections (${errnoName(result.errno)}): not used, and tried again in ${formatDuration(pause)}`;
  log(context, failures === 0 ? "info" : "debug", text, name);
}
