/**
 * Connections whose options were changed while they stood: a connection keeps what it was made with, so it has to be made anew. A
 * discovery controller's is, at once. That of an I/O controller is only while another path to its subsystem is live, one path
 * after the other: whoever changes a file must not lose a disk by it.
 */
import type { Context } from "../context.js";
import { log, sayOnce, unsay } from "../context.js";
import type { ServiceName } from "../ports/bus.js";
import type { CoreState } from "../state.js";
import { deviceOf, nameOf } from "./life.js";
import { renew } from "./machine.js";
import { differingOptions, effectiveOptions, type SetOptions } from "./options.js";
import type { Controller, IoControllerState } from "./types.js";

/** A plan gives a controller other options. */
export function setOptions(context: Context, controller: Controller, { options, why }: SetOptions): void {
  controller.options = options;
  const device = deviceOf(controller);
  if (device === undefined || controller.connectedWith !== undefined) return;
  const text = `${why}: ${device} was not connected by this run, and keeps what it was connected with until its next connect`;
  log(context, "notice", text, nameOf(controller));
}

/** Makes the connections of a service anew that have other options than are wanted, as far as that may be done now. */
export function renewConnections(context: Context, service: ServiceName): void {
  const { stac } = context.state;
  if (service === "stac" && stac !== undefined) stac.renewals = "none";
  for (const controller of [...context.state.controllers.values()]) {
    if (controller.service !== service) continue;
    const { life } = controller;
    if (life.at !== "connected" && life.at !== "reconnecting") continue;
    const names = staleOptions(context.state, controller);
    const mark = `renew ${controller.id}`;
    if (names.length === 0) {
      unsay(context, mark);
      continue;
    }
    const kept = controller.service === "stac" ? whyKept(context, controller, life.device) : undefined;
    const changed = `${names.join(", ")} changed`;
    if (kept === undefined) {
      renew(context, controller, life.device, changed);
      continue;
    }
    if (stac !== undefined) stac.renewals = "waiting";
    sayOnce(context, mark, kept.level, `${changed}, ${kept.text}`, nameOf(controller));
  }
}

/** The options in which a connection differs from what is wanted. That of a connection which this run did not make is not known. */
function staleOptions({ identity }: CoreState, controller: Controller): readonly string[] {
  const { connectedWith } = controller;
  return connectedWith === undefined ? [] : differingOptions(connectedWith, effectiveOptions(controller, identity));
}

interface Kept {
  readonly level: "info" | "warning";
  readonly text: string;
}

/** Why an I/O controller's connection is kept although its options changed; `undefined` where it can be made anew. */
function whyKept(context: Context, io: IoControllerState, device: string): Kept | undefined {
  const { controllers, kernel, stac } = context.state;
  if (stac?.config.disconnectScope === "no-disconnect")
    return keptUntilNextConnect("disconnect-scope is no-disconnect");
  if ((kernel.byName.get(device)?.bound.size ?? 0) > 1)
    return keptUntilNextConnect(`${device} serves another controller as well`);
  if (hasOtherPath(context, io, device)) return undefined;
  const isOther = (other: Controller): boolean => other.service === "stac" && other.id !== io.id;
  const isSibling = (other: Controller): boolean => isOther(other) && other.tid.subsysnqn === io.tid.subsysnqn;
  if ([...controllers.values()].some(isSibling))
    return { level: "info", text: "and it is reconnected once another path to its subsystem is live" };
  return keptUntilNextConnect("it is the only live path to its subsystem");
}

function keptUntilNextConnect(because: string): Kept {
  const text = `and it is not reconnected: ${because}. What is configured now holds from its next connect.`;
  return { level: "warning", text };
}

/** Whether another connection to the same subsystem is live, and not being taken down by us. */
function hasOtherPath({ state }: Context, { tid }: IoControllerState, device: string): boolean {
  for (const { controller, kind, bound } of state.kernel.byName.values()) {
    const isPath = kind === "io" && controller.name !== device && controller.subsysnqn === tid.subsysnqn;
    if (!isPath || controller.state !== "live") continue;
    const isGoing = [...bound].some((id) => state.controllers.get(id)?.life.at === "disconnecting");
    if (!isGoing) return true;
  }
  return false;
}

/** What `describe` says of a connection that has other options than are wanted; empty where it has not. */
export function staleText(state: CoreState, controller: Controller): string {
  const { at } = controller.life;
  const names = at === "connected" || at === "reconnecting" ? staleOptions(state, controller) : [];
  return names.length === 0 ? "" : `${names.join(", ")} as configured now from its next connect`;
}
