/**
 * Discovered controllers that are no longer announced. A live one stays. The time to drop one runs from the moment it is
 * neither announced nor live, and stops when it is either again.
 */
import { armAt, armNoLater, disarm, log, type Context } from "../state/context.js";
import { deviceOf, nameOf } from "../controller/life.js";
import { standingOf, type ControllerId, type DiscoveryControllerState } from "../state/controller.js";
import { transportIdKey } from "../domain/transport-id.js";
import { between, formatDuration, later, Milliseconds } from "../domain/units.js";
import { deviceSeen } from "../devices/events.js";
import { ABSENT_WATCH } from "../domain/limits.js";
import { touch } from "../record/saving.js";
import { requestReconcile } from "../state/soak.js";
import type { CoreState } from "../state/state.js";
import type { Absence } from "../state/mdns.js";

/** Whether a controller is announced. `unknown` until the provider has had time to say. */
function announced(state: CoreState, dc: DiscoveryControllerState): "yes" | "no" | "unknown" {
  const { mdns, staf } = state;
  if (mdns.targets.has(transportIdKey(dc.tid))) return "yes";
  if (staf?.configKnown !== true) return "unknown";
  return mdns.settled || !staf.config.zeroconf ? "no" : "unknown";
}

/** Marks every discovered controller to be judged again: the announcements or the time to keep them have changed. */
export function judgeAll({ state }: Context): void {
  for (const controller of state.controllers.values())
    if (isDiscovered(controller)) state.mdns.unjudged.add(controller.id);
}

function isDiscovered(controller: { readonly service: string; readonly origin?: string }): boolean {
  return controller.service === "staf" && controller.origin === "discovered";
}

/** Starts, keeps or stops the time of each controller that changed. The core calls it after every event. */
export function judgeAbsences(context: Context): void {
  const { mdns } = context.state;
  if (mdns.unjudged.size === 0) return;
  for (const id of mdns.unjudged) judge(context, id);
  mdns.unjudged.clear();
  armPurge(context);
  armWatch(context);
}

/**
 * Reads the live controllers that are not announced. Their time starts when they stop being live, and no uevent says when
 * (6.12-cloud.s4.log).
 */
export function watchAbsent(context: Context): void {
  const { controllers, mdns } = context.state;
  for (const id of [...mdns.absences.keys()]) {
    const life = controllers.get(id)?.life;
    if (life?.at === "connected") deviceSeen(context, life.device);
  }
  armWatch(context);
}

function armWatch(context: Context): void {
  const { controllers, mdns, staf, phase } = context.state;
  const isTimed = staf?.config.zeroconfPersistence !== undefined || staf?.config.zeroconfGoodbye === "purge";
  const isLive = (id: ControllerId): boolean => controllers.get(id)?.life.at === "connected";
  const isWatched = phase === "running" && staf?.config.zeroconf === true && isTimed;
  if (isWatched && [...mdns.absences.keys()].some(isLive)) armNoLater(context, { kind: "mdns-watch" }, ABSENT_WATCH);
  else disarm(context, { kind: "mdns-watch" });
}

function judge(context: Context, id: ControllerId): void {
  const { controllers, mdns } = context.state;
  const dc = controllers.get(id);
  if (dc?.service !== "staf" || dc.origin !== "discovered" || standingOf(dc) === "leaving") {
    mdns.absences.delete(id);
    return;
  }
  const before = mdns.absences.get(id);
  const word = announced(context.state, dc);
  const isLive = dc.life.at === "connected";
  if (word === "yes" || isLive) {
    if (word === "yes") mdns.absences.delete(id);
    else if (word === "no" || before !== undefined)
      mdns.absences.set(id, { by: before?.by ?? "unheard", since: undefined });
    if (before?.since === undefined) return;
    touch(context, "staf");
    log(context, "info", `is ${word === "yes" ? "announced" : "live"} again and stays`, nameOf(dc));
  } else if (word === "no" && before?.since === undefined) {
    const { clock } = context.ports;
    mdns.absences.set(id, { by: before?.by ?? "unheard", since: { clock: clock.now(), wall: clock.wallTime() } });
    touch(context, "staf");
    reportAbsence(context, dc);
  }
}

/** Says how long staf keeps it. A controller to be dropped at once gets that record instead. */
function reportAbsence({ state, ports }: Context, dc: DiscoveryControllerState): void {
  const deadline = dropAt(state, dc);
  const left = deadline === undefined ? undefined : between(ports.clock.now(), deadline);
  if (left === 0) return;
  const when = left === undefined ? "it is kept" : `dropped in ${formatDuration(left)} unless it comes back`;
  ports.log.write({
    level: "notice",
    text: `is neither announced over mDNS nor connected: ${when}`,
    controller: nameOf(dc),
  });
}

/** When to drop a discovered controller. `undefined` if it stays, or while that is not known. */
export function dropAt(state: CoreState, dc: DiscoveryControllerState): Milliseconds | undefined {
  const { staf, mdns } = state;
  const absence = mdns.absences.get(dc.id);
  if (staf === undefined || absence?.since === undefined || announced(state, dc) !== "no") return undefined;
  const since = absence.since.clock;
  // Nothing wants it now, but staf keeps what is in the kernel, as nvme-stas does.
  if (!staf.config.zeroconf) return deviceOf(dc) === undefined ? since : undefined;
  if (saidGoodbye(absence) && staf.config.zeroconfGoodbye === "purge") return since;
  const { zeroconfPersistence } = staf.config;
  return zeroconfPersistence === undefined ? undefined : later(since, zeroconfPersistence);
}

function saidGoodbye({ by }: Absence): boolean {
  return by === "goodbye";
}

/** Why to drop a discovered controller now. `undefined` if it stays. */
export function whyDropped(context: Context, dc: DiscoveryControllerState): string | undefined {
  const { state, ports } = context;
  if (dc.origin !== "discovered") return undefined;
  const deadline = dropAt(state, dc);
  const absence = state.mdns.absences.get(dc.id);
  if (deadline === undefined || deadline > ports.clock.now() || absence?.since === undefined) return undefined;
  if (state.staf?.config.zeroconf !== true) return "mDNS discovery is disabled, and it is not connected";
  if (deadline === absence.since.clock && saidGoodbye(absence)) return "it said goodbye over mDNS and is not connected";
  return `neither announced over mDNS nor connected for ${formatDuration(between(absence.since.clock, deadline))}`;
}

/** One that is due already waits for the soak: a drop that cannot be carried out must not cause itself. */
function armPurge(context: Context): void {
  const { state, ports } = context;
  const now = ports.clock.now();
  let next: Milliseconds | undefined;
  for (const id of state.mdns.absences.keys()) {
    const dc = state.controllers.get(id);
    const deadline = dc?.service === "staf" ? dropAt(state, dc) : undefined;
    if (deadline === undefined) continue;
    if (deadline <= now) requestReconcile(context, "staf");
    else if (next === undefined || deadline < next) next = deadline;
  }
  armAt(context, { kind: "mdns-purge" }, state.phase === "running" ? next : undefined);
}

/**
 * Restores what an earlier run recorded: since when, by the wall clock, a controller was neither announced nor connected. A
 * wall clock that has gone back counts as no time. Nothing is dropped before the provider has had time to tell.
 */
export function recallAbsence(context: Context, id: ControllerId, wall: Milliseconds): void {
  const { clock } = context.ports;
  const elapsed = between(wall, clock.wallTime());
  const since = { clock: Milliseconds(clock.now() - elapsed), wall: Milliseconds(clock.wallTime() - elapsed) };
  context.state.mdns.absences.set(id, { by: "unheard", since });
}
