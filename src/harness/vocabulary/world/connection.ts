/** What a connect string of somebody besides the daemons says. */
import { optional, required } from "../members.js";
import { hostAddress, nqn } from "../parts/addresses.js";
import { hostInterface, peer } from "../parts/ids.js";
import { line } from "../parts/scalars.js";

/** Whom it asks for. */
export const connectionPeer = { to: required(peer, "Whom it asks for.") };

/** As whom, and from where. */
export const connectionOptions = {
  "host-nqn": optional(nqn, "The host's own where absent."),
  "host-id": optional(line("a host id"), "The host's own where absent."),
  "host-traddr": optional(hostAddress, "Where the connection comes from."),
  "host-iface": optional(hostInterface, "What the connection goes over."),
  nqn: optional(nqn, "NQN asked for, where it is not the peer's own."),
};
