/**
 * A network that appears wakes the controllers that could be reached over it, so that they do not wait for their next retry. A
 * controller is woken at most once in `WAKE_PERIOD`: a link that flaps must not cause a storm.
 */
import { armNoLater, log, type Context } from "../state/context.js";
import type { Controller } from "../state/controller.js";
import type { TransportId } from "../domain/transport-id.js";
import { isLinkLocal, parseIp, sameAddress } from "../domain/ip-address.js";
import { WAKE_PERIOD, WAKE_SOAK, WAKE_STEP } from "../domain/limits.js";
import { between, later, Milliseconds } from "../domain/units.js";
import type { NetworkInterface } from "../ports/network.js";

/** An interface, and the addresses that came up on it. */
export type Way = Pick<NetworkInterface, "name" | "addresses">;

/** What came up: a new interface, one whose link was down, or a new address. */
export function newWays(before: readonly NetworkInterface[], now: readonly NetworkInterface[]): readonly Way[] {
  const known = new Map(before.map((one) => [one.name, one.down === true ? [] : one.addresses]));
  return now
    .filter(({ down }) => down !== true)
    .map(({ name, addresses }) => ({
      name,
      addresses: addresses.filter((address) => known.get(name)?.includes(address) !== true),
    }))
    .filter(({ addresses }) => addresses.length > 0);
}

/**
 * Whether a way may lead to a peer. The routes are not known, so any address of the peer's family counts, on the interface and
 * with the source address that the transport id names, if any. A name that no interface has may be an alternative one.
 */
export function mayLeadTo(
  { state }: Context,
  { transport, traddr, hostIface, hostTraddr }: TransportId,
  { name, addresses }: Way,
): boolean {
  const peer = transport === "tcp" || transport === "rdma" ? parseIp(traddr) : undefined;
  if (peer === undefined) return false;
  const bound = hostIface === "" ? peer.scope : hostIface;
  if (bound !== name && state.interfaces.some((one) => one.name === bound)) return false;
  if (hostTraddr !== "") return addresses.some((address) => sameAddress(address, hostTraddr));
  const isLocal = isLinkLocal(traddr);
  return addresses.some((address) => parseIp(address)?.family === peer.family && isLinkLocal(address) === isLocal);
}

/** Has the waiting controllers try again soon, one after the other. What is being tried now is tried again soon if it fails. */
export function wakeControllers(context: Context, ways: readonly Way[]): void {
  let woken = 0;
  for (const controller of context.state.controllers.values()) {
    if (!isTried(controller) || !ways.some((way) => mayLeadTo(context, controller.tid, way))) continue;
    wake(context, controller, Milliseconds(WAKE_SOAK + woken * WAKE_STEP));
    woken += 1;
  }
  if (woken === 0) return;
  const names = ways.map(({ name }) => name).join(", ");
  log(context, "debug", `came up: controllers that are not live and that it may lead to: ${String(woken)}`, names);
}

function isTried({ life }: Controller): boolean {
  switch (life.at) {
    case "queued":
    case "probing":
    case "ready":
    case "connecting":
    case "waiting":
      return true;
    case "given-up":
    case "remembered":
    case "connected":
    case "reconnecting":
    case "disconnecting":
      return false;
  }
}

function wake(context: Context, controller: Controller, delay: Milliseconds): void {
  const now = context.ports.clock.now();
  const at = wakeTime(controller.wokenAt, now, delay);
  controller.wokenAt = at;
  if (controller.life.at === "waiting")
    armNoLater(context, { kind: "retry", controller: controller.id }, between(now, at));
}

/** When to wake what was last woken, or is still to be woken, at `last`. */
export function wakeTime(last: Milliseconds | undefined, now: Milliseconds, delay: Milliseconds): Milliseconds {
  const soon = later(now, delay);
  if (last === undefined) return soon;
  if (last > now) return last;
  const next = later(last, WAKE_PERIOD);
  return next > soon ? next : soon;
}
