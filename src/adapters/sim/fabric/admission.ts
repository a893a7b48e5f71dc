/** How a Connect command ends. */
import type { Listener } from "../net/paths.js";
import type { ConnectFailure, DhchapKeys, FabricId, ListenerState } from "../spec.js";
import type { Peer } from "./peers.js";
import { NVME_STATUS } from "./status.js";

/** What a Connect command says. */
export interface ConnectAsk {
  readonly nqn: string;
  readonly hostNqn: string;
  readonly katoSeconds: number;
  /** Empty: none. */
  readonly dhchapSecret: string;
  readonly dhchapCtrlSecret: string;
}

export type Admission =
  | { readonly kind: "accepted"; readonly peer: Peer; readonly listener: Listener }
  | { readonly kind: "rejected"; readonly status: number }
  /** The host ends the command. */
  | { readonly kind: "failed"; readonly errno: number }
  /** The host has no key for DH-HMAC-CHAP, or one of the keys is not the target's. */
  | { readonly kind: "unauthenticated"; readonly lacking: "key" | "right-key" }
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

/** What the host lacks to be authenticated, and to authenticate the target if it asks for that. */
export function lackingKey(keys: DhchapKeys | undefined, ask: ConnectAsk): "key" | "right-key" | undefined {
  if (keys === undefined) return undefined;
  if (ask.dhchapSecret === "") return "key";
  const isKnown = ask.dhchapSecret === keys.secret;
  const isProven = ask.dhchapCtrlSecret === "" || ask.dhchapCtrlSecret === keys.ctrlSecret;
  return isKnown && isProven ? undefined : "right-key";
}
