/** What a connect string of someone other than the daemons says. */
import { optional, required } from "../members.js";
import { hostAddress, nqn } from "../parts/addresses.js";
import { hostInterface, peer } from "../parts/ids.js";
import { line } from "../parts/scalars.js";

/** The peer that it asks for. */
export const connectionPeer = { to: required(peer, "The peer that it asks for.") };

/** The identity of the host, and where the connection comes from. */
export const connectionOptions = {
  "host-nqn": optional(nqn, "The host's own if absent."),
  "host-id": optional(line("a host id"), "The host's own if absent."),
  "host-traddr": optional(hostAddress, "Source address of the connection."),
  "host-iface": optional(hostInterface, "Interface of the connection."),
  nqn: optional(nqn, "NQN asked for, if it is not the peer's own."),
};
