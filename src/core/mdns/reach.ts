/**
 * Probes whether an announced tcp address accepts connections over its interface before the kernel connects to it. A CDC may
 * announce itself before it listens, and one of two address families may lead nowhere.
 */
import { armAt, log, newRequest, type Context } from "../state/context.js";
import { advice } from "../domain/advice.js";
import { errnoName } from "../domain/errno.js";
import { formatTransportId } from "../domain/transport-id.js";
import { formatDuration, later, type Milliseconds } from "../domain/units.js";
import { mayLeadTo, wakeTime, type Way } from "../controller/wake.js";
import { REACH_PROBES_MAX, REACH_RETRIES, REACH_TIMEOUT, WAKE_SOAK } from "../domain/limits.js";
import type { ProbedEvent } from "../ports/network.js";
import type { RequestId } from "../ports/request.js";
import { requestReconcile } from "../state/soak.js";
import type { Reach, Target } from "../state/mdns.js";

/** Sets the reach of a target. Probes that follow start at the end of the event. */
export function setReach({ state }: Context, target: Target, reach: Reach): void {
  target.reach = reach;
  state.mdns.probesMoved = true;
}

/** Starts the due probes, up to the limit, and arms the timer for the next. The core calls it after every event. */
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
  // Probes that are due but find no room start when another probe ends.
  armAt(context, { kind: "mdns-reach" }, next);
}

/** A network came up: announced addresses that it may lead to are probed soon. At most once in `WAKE_PERIOD`. */
export function wakeTargets(context: Context, ways: readonly Way[]): void {
  for (const target of context.state.mdns.targets.values()) {
    const { reach } = target;
    if (reach.at !== "waiting" && reach.at !== "probing") continue;
    if (!ways.some((way) => mayLeadTo(context, target.tid, way))) continue;
    const due = wakeTime(target.wokenAt, context.ports.clock.now(), WAKE_SOAK);
    target.wokenAt = due;
    // The pauses between probes grow from the start again.
    const failures = Math.min(reach.failures, 1);
    if (reach.at === "probing") target.reach = { ...reach, failures };
    else if (due < reach.due) setReach(context, target, { ...reach, due, failures });
  }
}

function startProbe(context: Context, key: string, target: Target, failures: number): void {
  const { traddr, trsvcid, hostTraddr, hostIface } = target.tid;
  const request = newRequest(context, { kind: "reach", target: key });
  target.reach = { at: "probing", request, failures };
  const timeout = REACH_TIMEOUT;
  context.ports.network.probe(request, { traddr, trsvcid, hostTraddr, hostIface, depth: "tcp", timeout });
}

/** A probe ended. Ignored if its target is gone or has been replaced. */
export function onReached(context: Context, key: string, request: RequestId, result: ProbedEvent["result"]): void {
  const target = context.state.mdns.targets.get(key);
  if (target?.reach.at !== "probing" || target.reach.request !== request) return;
  const { failures } = target.reach;
  const name = formatTransportId(target.tid);
  if (result.ok) {
    setReach(context, target, { at: "reachable" });
    const level = failures > 0 ? "info" : "debug";
    log(context, level, "is announced over mDNS and accepts connections", name);
    requestReconcile(context, "staf");
    return;
  }
  const pause = REACH_RETRIES[Math.min(failures, REACH_RETRIES.length - 1)] ?? REACH_TIMEOUT;
  const due = later(context.ports.clock.now(), pause);
  setReach(context, target, { at: "waiting", due, failures: failures + 1 });
  const peer = { tid: target.tid, role: "discovery", hostNqn: target.tid.hostNqn, tls: false, secret: false } as const;
  const why = `${errnoName(result.errno)}: ${advice("probe", result.errno, peer)}`;
  const text = `is announced over mDNS but accepts no connections (${why}): not used, tried again in ${formatDuration(pause)}`;
  log(context, failures === 0 ? "info" : "debug", text, name);
}
