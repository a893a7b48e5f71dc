/** What a connect string of somebody besides the daemons says. */
import { optional, required } from "../members.js";
import { hostAddress, nqn } from "../parts/addresses.js";
import { hostInterface, peer } from "../parts/ids.js";
import { line } from "../parts/scalars.js";

/** Whom it asks for. */
export const connectionPeer = { to: required(peer, "Id of the discovery controller or subsystem.") };

/** As whom, and from where. */
export const connectionOptions = {
  "host-nqn": optional(nqn, "Host NQN; the host's own where absent."),
  "host-id": optional(line("a host id"), "Host id; the host's own where absent."),
  "host-traddr": optional(hostAddress, "Source address."),
  "host-iface": optional(hostInterface, "Interface."),
  nqn: optional(nqn, "NQN asked for, where it is not the peer's own."),
};
