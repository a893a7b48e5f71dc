/** Which of the kernel's connections is the one that a controller wants. */
import { hostNqnFor } from "../boot/tables.js";
import type { KernelController } from "../codec/sysfs.js";
import type { Context } from "../state/context.js";
import { atPlace } from "../kernel/device-index.js";
import type { Device } from "../state/device.js";
import { addressKey, matchConnection, mayServe, specificity, subsystemKey } from "../kernel/match.js";
import { FIRST_RETRY } from "../domain/limits.js";
import { later } from "../domain/units.js";
import { dueOf } from "../state/timers.js";
import type { Controller } from "../state/controller.js";

/** States in which the kernel is taking a controller away. */
const DYING = new Set(["deleting", "deleting (no IO)", "dead"]);

/** Whether the kernel is taking a controller away. */
export function isDying({ state }: KernelController): boolean {
  return DYING.has(state);
}

/** Whether a controller can take this connection up now. */
export function fits(context: Context, controller: Controller, present: Device): boolean {
  const connection = present.controller;
  if (!connection.complete || isDying(connection) || isBeingDeleted(context, present)) return false;
  const role = controller.service === "staf" ? "discovery" : "io";
  const unclear = present.kind === "unknown" || present.kind === "asking";
  if (present.kind !== role && !(unclear && controller.rememberedUntil !== undefined)) return false;
  return isMatch(context, controller, connection) && !isBeingMade(context, present, controller);
}

/**
 * Whether a connect of ours that is in the kernel may be what makes this connection. The reply to that connect decides whose it
 * is: until then no other controller takes it, and nothing deletes it.
 */
export function isBeingMade(context: Context, present: Device, except?: Controller): boolean {
  if (present.bound.size > 0) return false;
  const { lines, controllers } = context.state;
  for (const id of lines.connecting) {
    const maker = controllers.get(id);
    if (maker !== undefined && maker !== except && isMatch(context, maker, present.controller)) return true;
  }
  return false;
}

/** The device of what matches a controller in all but its kind, which no waiting changes; `undefined` where there is none. */
export function otherKind(context: Context, controller: Controller): string | undefined {
  const others = controller.service === "staf" ? ["io", "other"] : ["discovery", "other"];
  const found = atPlace(context.state.kernel, placeOf(controller)).find(
    (present) => others.includes(present.kind) && isMatch(context, controller, present.controller),
  );
  return found?.controller.name;
}

/** Whether this is the connection that a controller asks for, as far as it shows what it is. */
export function isMatch({ state }: Context, { tid }: Controller, connection: KernelController): boolean {
  return matchConnection(tid, hostNqnFor(state, tid), connection, state.interfaces) !== "no";
}

/** A delete of ours is under way, whatever the kernel showed last. */
function isBeingDeleted({ state }: Context, present: Device): boolean {
  return [...present.bound].some((id) => state.controllers.get(id)?.life.at === "disconnecting");
}

/**
 * The place that a controller looks for a connection at: its address, or (so that a thousand subsystems at one address cost
 * no more than at a thousand) its subsystem there. A discovery NQN may show as another one (TP8013).
 */
export function placeOf({ service, tid }: Controller): string {
  return service === "staf" ? addressKey(tid) : subsystemKey(tid);
}

/**
 * A connection on its address may turn out to be the one it wants: it is not filled in yet (unless a connect of ours is what
 * fills it), or was asked what it is, or will be.
 */
export function mayFitLater(context: Context, controller: Controller): boolean {
  const { kernel } = context.state;
  const isOpen = (present: Device): boolean =>
    (present.kind === "asking" || isSilent(present, controller)) && isMatch(context, controller, present.controller);
  if (atPlace(kernel, placeOf(controller)).some(isOpen)) return true;
  const unfilled = atPlace(kernel, subsystemKey({ ...controller.tid, subsysnqn: "" }));
  return unfilled.some((present) => !isDying(present.controller)) && !isConnecting(context, controller);
}

/** It will be asked what it is once it is live again: until then the kernel would refuse another one. */
function isSilent({ kind, controller }: Device, { tid }: Controller): boolean {
  return kind === "unknown" && controller.state === "connecting" && controller.subsysnqn === tid.subsysnqn;
}

/** Whether a connect of ours to the address of a controller is in the kernel. */
function isConnecting({ state }: Context, { tid }: Controller): boolean {
  const address = addressKey(tid);
  for (const id of state.lines.connecting) {
    const other = state.controllers.get(id);
    if (other !== undefined && addressKey(other.tid) === address) return true;
  }
  return false;
}

/**
 * Whether a connect of another controller of ours may make the connection that this one wants too: it is in the kernel, or it is
 * about to be tried for the first time and says more about the way. One connection serves both then.
 */
export function isServedSoon(context: Context, controller: Controller): boolean {
  const { controllers, byPlace, interfaces } = context.state;
  const own = specificity(controller.tid);
  let isBefore = true;
  for (const id of byPlace.get(placeOf(controller)) ?? []) {
    const other = controllers.get(id);
    if (other === controller) isBefore = false;
    if (other === undefined || other === controller || other.service !== controller.service) continue;
    const { made, wanted } = { made: other.tid, wanted: controller.tid };
    const hostNqns = { made: hostNqnFor(context.state, made), wanted: hostNqnFor(context.state, wanted) };
    if (!mayServe(made, wanted, hostNqns, interfaces)) continue;
    if (other.life.at === "connecting") return true;
    const theirs = specificity(made);
    if (isTriedSoon(context, other) && (theirs > own || (theirs === own && isBefore))) return true;
  }
  return false;
}

/** Whether a controller is on its way into the kernel and has not failed since its last success. */
function isTriedSoon({ state, ports }: Context, { id, life, failures }: Controller): boolean {
  if (failures > 0) return false;
  switch (life.at) {
    case "queued":
    case "probing":
    case "ready":
      return true;
    case "waiting": {
      const due = dueOf(state, { kind: "retry", controller: id });
      return due !== undefined && due <= later(ports.clock.now(), FIRST_RETRY);
    }
    case "connecting":
    case "given-up":
    case "remembered":
    case "connected":
    case "reconnecting":
    case "disconnecting":
      return false;
  }
}

/** The connections at the place of a controller, the best first: made exactly as it asks, then live, then as they came. */
export function candidates({ state: { kernel } }: Context, controller: Controller): readonly Device[] {
  const { hostIface, hostTraddr } = controller.tid;
  const rank = ({ controller: existing }: Device): number =>
    2 * Number(existing.hostIface === hostIface && existing.hostTraddr === hostTraddr) +
    Number(existing.state === "live");
  return [...atPlace(kernel, placeOf(controller))].sort((one, other) => rank(other) - rank(one));
}
