/** Which of the kernel's connections is the one that a controller wants. */
import type { KernelController } from "../codec/sysfs.js";
import type { Context } from "../context.js";
import { atAddress } from "../kernel/index.js";
import type { Present } from "../kernel/index-types.js";
import { addressKey, matchConnection } from "../kernel/match.js";
import type { Controller } from "./types.js";

/** States in which the kernel is taking a controller away. */
const DYING = new Set(["deleting", "deleting (no IO)", "dead"]);

/** Whether a controller can take this connection up now. */
export function fits(context: Context, controller: Controller, present: Present): boolean {
  const connection = present.controller;
  if (!connection.complete || DYING.has(connection.state) || isBeingDeleted(context, present)) return false;
  const role = controller.service === "staf" ? "discovery" : "io";
  const unclear = present.kind === "unknown" || present.kind === "asking";
  if (present.kind !== role && !(unclear && controller.rememberedUntil !== undefined)) return false;
  return isMatch(context, controller, connection);
}

/** Whether this is the connection that a controller asks for, as far as it shows what it is. */
export function isMatch({ state }: Context, { tid }: Controller, connection: KernelController): boolean {
  const hostNqn = tid.hostNqn === "" ? (state.identity?.hostNqn ?? "") : tid.hostNqn;
  return matchConnection(tid, hostNqn, connection, state.interfaces) !== "no";
}

/** A delete of ours is under way, whatever the kernel showed last. */
function isBeingDeleted({ state }: Context, present: Present): boolean {
  return [...present.bound].some((id) => state.controllers.get(id)?.life.at === "disconnecting");
}

/**
 * A connection on its address may turn out to be the one it wants: it is not filled in yet (unless a connect of ours is what
 * fills it), or was asked what it is.
 */
export function mayFitLater(context: Context, controller: Controller): boolean {
  const key = addressKey(controller.tid);
  return atAddress(context.state.kernel, key).some(({ controller: connection, kind }) => {
    if (DYING.has(connection.state)) return false;
    if (!connection.complete) return !isConnecting(context, key);
    return kind === "asking" && isMatch(context, controller, connection);
  });
}

/** Whether a connect of ours to this address is in the kernel. */
function isConnecting({ state }: Context, key: string): boolean {
  return [...(state.byAddress.get(key) ?? [])].some((id) => state.queue.inKernel.has(id));
}
