/** The path between a controller and its peer, and how an attempt to connect ends. */
import { ERRNO } from "../../../core/domain/errno.js";
import { Milliseconds } from "../../../core/domain/units.js";
import type { Peer } from "../fabric/peers.js";
import type { Listener, ReachOutcome } from "../net/paths.js";
import type { ListenerState } from "../spec.js";
import type { Controller } from "./controller.js";
import { CONNECT_ROUND_TRIPS, LATENCY, QUEUE_ROUND_TRIPS } from "./latencies.js";
import type { ConnectOptions } from "./options.js";
import type { KernelParts } from "./parts.js";

/** `broken`: the peer closes the connection. `dead`: nothing comes back. */
type PathState = "well" | "broken" | "dead";

/** How an attempt to connect ends. `after` counts from the start of the TCP connect. */
export type Attempt =
  | {
      readonly kind: "accepted";
      readonly peer: Peer;
      readonly listener: Listener;
      readonly srcAddr: string;
      /** What the latency of the link adds to the nominal time. */
      readonly wire: Milliseconds;
    }
  | { readonly kind: "rejected"; readonly status: number; readonly after: Milliseconds }
  | { readonly kind: "failed"; readonly errno: number; readonly after: Milliseconds };

/** How a broken port ends a connect (6.12-cloud.s7.log). */
function unwell(state: ListenerState): Attempt {
  switch (state) {
    case "closes":
      return { kind: "failed", errno: ERRNO.ECONNRESET, after: LATENCY.connectBroken };
    case "garbage":
      return { kind: "failed", errno: ERRNO.EINVAL, after: LATENCY.connectBroken };
    case "refuses":
      return { kind: "failed", errno: ERRNO.ECONNREFUSED, after: LATENCY.syscall };
    case "unreachable":
    case "silent":
    case "up":
      return { kind: "failed", errno: ERRNO.EAGAIN, after: LATENCY.connectSilent };
  }
}

/** Tries to connect in the present state of the world, from TCP to the Connect command. */
export function attempt(parts: KernelParts, options: ConnectOptions): Attempt {
  const outcome = parts.network.reach(options);
  if (outcome.kind === "errno") return { kind: "failed", errno: outcome.errno, after: outcome.after };
  if (outcome.listener.state !== "up") return unwell(outcome.listener.state);
  const admission = parts.fabric.admit(outcome.listeners, options, (peer) => parts.registry.others(peer, options));
  const roundTrip = 2 * outcome.latency;
  if (admission.kind === "rejected") {
    return { kind: "rejected", status: admission.status, after: Milliseconds(LATENCY.connectRejected + 3 * roundTrip) };
  }
  if (admission.kind === "failed") {
    return { kind: "failed", errno: admission.errno, after: Milliseconds(LATENCY.connectRejected + 3 * roundTrip) };
  }
  if (admission.kind === "unauthenticated") {
    const errno = parts.profile.unauthenticated[admission.lacking];
    return { kind: "failed", errno, after: Milliseconds(LATENCY.connectRejected + 3 * roundTrip) };
  }
  if (admission.kind === "unwell") return unwell(admission.state);
  const wire = Milliseconds(roundTrip * (CONNECT_ROUND_TRIPS + QUEUE_ROUND_TRIPS * options.ioQueues));
  return { kind: "accepted", peer: admission.peer, listener: admission.listener, srcAddr: outcome.srcAddr, wire };
}

function listenerOf(outcome: ReachOutcome & { kind: "listener" }, peer: Peer): Listener | undefined {
  return outcome.listeners.find((listener) => listener.peer === peer.id);
}

/** The path of an established connection. It counts as well if the peer is outside the fabric of the scenario. */
export function pathState(parts: KernelParts, controller: Controller): PathState {
  const { peer } = controller;
  if (peer === undefined) return "well";
  const outcome = parts.network.reach(controller.way);
  if (outcome.kind === "errno") return outcome.errno === ERRNO.ECONNREFUSED ? "broken" : "dead";
  switch (listenerOf(outcome, peer)?.state) {
    case "up":
      return "well";
    case "silent":
    case "unreachable":
      return "dead";
    case "refuses":
    case "closes":
    case "garbage":
    case undefined:
      return "broken";
  }
}

/** The round trip to the peer of a controller. 0 if the peer cannot be reached. */
export function roundTripOf(parts: KernelParts, controller: Controller): Milliseconds {
  const outcome = parts.network.reach(controller.way);
  return Milliseconds(outcome.kind === "listener" ? 2 * outcome.latency : 0);
}
