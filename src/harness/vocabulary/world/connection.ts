/** What a connect string says that no daemon wrote. */
import { optional, required } from "../members.js";
import { hostAddress, nqn } from "../parts/addresses.js";
import { hostInterface, peer } from "../parts/ids.js";
import { line } from "../parts/scalars.js";

/** The peer that it names. */
export const connectionPeer = { to: required(peer, "The peer that it connects to.") };

/** Its other options. */
export const connectionOptions = {
  "host-nqn": optional(nqn, "The host's own where absent."),
  "host-id": optional(line("a host id"), "The host's own where absent."),
  "host-traddr": optional(hostAddress, "Source address."),
  "host-iface": optional(hostInterface, "Interface that the connection uses."),
  nqn: optional(nqn, "NQN asked for, where it is not the peer's own."),
};
