/**
 * Reconnects live connections whose options were changed: a connection keeps the options it was made with. A discovery
 * controller reconnects at once. An I/O controller reconnects only while another path to its subsystem is live, one path after
 * the other: an edited file must not cost anyone a disk.
 */
import type { Context } from "../state/context.js";
import { log, sayOnce, unsay } from "../state/context.js";
import type { ServiceName } from "../ports/bus.js";
import type { CoreState } from "../state/state.js";
import { addTo } from "../kernel/device-index.js";
import { deviceOf, nameOf } from "./life.js";
import { renew, seek } from "./machine.js";
import { differingOptions, effectiveOptions, type SetOptions } from "./options.js";
import type { Controller, IoControllerState } from "../state/controller.js";

/** Gives a controller the options of a plan. */
export function setOptions(context: Context, controller: Controller, { options, why }: SetOptions): void {
  controller.options = options;
  if (controller.life.at === "waiting" || controller.life.at === "given-up") {
    controller.failures = 0;
    seek(context, controller, why);
    return;
  }
  const device = deviceOf(controller);
  if (device === undefined || controller.connectedWith !== undefined) return;
  const text = `${why}: this run did not connect ${device}, which keeps its options until its next connect`;
  log(context, "notice", text, nameOf(controller));
}

/** Reconnects the connections of a service whose options are not the wanted ones, as far as that is allowed now. */
export function renewConnections(context: Context, service: ServiceName): void {
  const { controllers, stac } = context.state;
  if (service === "stac" && stac !== undefined) stac.renewals = "none";
  let paths: Paths | undefined;
  for (const controller of [...controllers.values()]) {
    const { life } = controller;
    if (controller.service !== service || (life.at !== "connected" && life.at !== "reconnecting")) continue;
    const names = staleOptions(context.state, controller);
    const mark = `renew ${controller.id}`;
    if (names.length === 0) {
      unsay(context, mark);
      continue;
    }
    paths ??= pathsNow(context);
    const kept = controller.service === "stac" ? whyKept(context, controller, life.device, paths) : undefined;
    const changed = `${names.join(", ")} changed`;
    if (kept === undefined) {
      paths.live.get(controller.tid.subsysnqn)?.delete(life.device);
      renew(context, controller, life.device, changed);
      continue;
    }
    if (stac !== undefined) stac.renewals = "waiting";
    sayOnce(context, mark, kept.level, `${changed}, ${kept.text}`, nameOf(controller));
  }
}

/** The paths to each subsystem, by its NQN. Collected once, so that a thousand changed controllers stay cheap. */
interface Paths {
  /** Live devices that we are not disconnecting. */
  readonly live: ReadonlyMap<string, Set<string>>;
  /** Controllers of stac, connected or not. */
  readonly wanted: ReadonlyMap<string, Set<string>>;
}

function pathsNow({ state }: Context): Paths {
  const live = new Map<string, Set<string>>();
  for (const { controller, kind, bound } of state.kernel.byName.values()) {
    if (kind !== "io" || controller.state !== "live") continue;
    const isGoing = [...bound].some((id) => state.controllers.get(id)?.life.at === "disconnecting");
    if (!isGoing) addTo(live, controller.subsysnqn, controller.name);
  }
  const wanted = new Map<string, Set<string>>();
  for (const { id, service, tid } of state.controllers.values())
    if (service === "stac") addTo(wanted, tid.subsysnqn, id);
  return { live, wanted };
}

/** The options in which a connection differs from what is wanted. Not known if this run did not make the connection. */
function staleOptions({ identity }: CoreState, controller: Controller): readonly string[] {
  const { connectedWith } = controller;
  return connectedWith === undefined ? [] : differingOptions(connectedWith, effectiveOptions(controller, identity));
}

interface Kept {
  readonly level: "info" | "warning";
  readonly text: string;
}

/** Why an I/O controller is not reconnected although its options changed. `undefined` if it may be reconnected. */
function whyKept({ state }: Context, io: IoControllerState, device: string, paths: Paths): Kept | undefined {
  const { subsysnqn } = io.tid;
  if (state.stac?.config.disconnectScope === "no-disconnect")
    return keptUntilNextConnect("disconnect-scope is no-disconnect");
  if ((state.kernel.byName.get(device)?.bound.size ?? 0) > 1)
    return keptUntilNextConnect(`${device} also serves another controller`);
  const others = [...(paths.live.get(subsysnqn) ?? [])].filter((name) => name !== device);
  if (others.length > 0) return undefined;
  if ((paths.wanted.get(subsysnqn)?.size ?? 0) > 1)
    return { level: "info", text: "and it is reconnected once another path to its subsystem is live" };
  return keptUntilNextConnect("it is the only live path to its subsystem");
}

function keptUntilNextConnect(because: string): Kept {
  const text = `and it is not reconnected: ${because}. The new options apply from its next connect.`;
  return { level: "warning", text };
}

/** What `describe` says of a connection whose options are not the wanted ones. Empty if they are. */
export function staleText(state: CoreState, controller: Controller): string {
  const { at } = controller.life;
  const names = at === "connected" || at === "reconnecting" ? staleOptions(state, controller) : [];
  return names.length === 0 ? "" : `new ${names.join(", ")} from its next connect`;
}
