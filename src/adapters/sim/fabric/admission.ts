/** How a Connect command ends. */
import type { Listener } from "../net/paths.js";
import type { ConnectFailure, FabricId, ListenerState } from "../spec.js";
import type { Peer } from "./peers.js";
import { NVME_STATUS } from "./status.js";

/** What a Connect command says. */
export interface ConnectAsk {
  readonly nqn: string;
  readonly hostNqn: string;
  readonly katoSeconds: number;
}

export type Admission =
  | { readonly kind: "accepted"; readonly peer: Peer; readonly listener: Listener }
  | { readonly kind: "rejected"; readonly status: number }
  /** The host ends the command. */
  | { readonly kind: "failed"; readonly errno: number }
  /** The peer is there, but its port does not work. */
  | { readonly kind: "unwell"; readonly state: ListenerState };

/** How many controllers of a peer other connections have. */
type InUse = (peer: FabricId) => number;

/** How the next Connect to a peer fails. Uses up one scripted failure. */
export function failureOf(peer: Peer, ask: ConnectAsk, inUse: InUse): ConnectFailure | undefined {
  const { failing } = peer;
  if (failing !== undefined && failing.timesLeft > 0) {
    failing.timesLeft--;
    return failing.failure;
  }
  const status = statusFor(peer, ask, inUse);
  return status === NVME_STATUS.success ? undefined : { kind: "status", status };
}

function statusFor(peer: Peer, ask: ConnectAsk, inUse: InUse): number {
  if (peer.role === "discovery") {
    const refused = peer.spec.keepAlive === "refused" && ask.katoSeconds > 0;
    return refused ? NVME_STATUS.connectInvalid : NVME_STATUS.success;
  }
  const { controllers } = peer.spec;
  return controllers === undefined || inUse(peer.id) < controllers ? NVME_STATUS.success : NVME_STATUS.connectBusy;
}
