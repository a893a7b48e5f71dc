/** Which connection of the kernel is a way that the world's truth wants. */
import { isSameAddress, parseNetAddress } from "../../adapters/sim/net/address.js";
import type { ConnectionView } from "../../adapters/sim/observation.js";
import type { WorldFacts } from "../../adapters/sim/world-api.js";
import { type Transport, type TransportId, WELL_KNOWN_DISCOVERY_NQN } from "../../core/domain/transport-id.js";

/** Whether addresses over this transport have a port. */
export function hasPort({ transport }: Pick<TransportId, "transport">): boolean {
  return transport === "tcp" || transport === "rdma";
}

function scopeOf(traddr: string): string {
  return parseNetAddress(traddr)?.scope ?? "";
}

/** The interface of a connection: the one that it is bound to, else the one that leads to its peer. Empty if none does. */
export function ifaceOf(facts: WorldFacts, connection: ConnectionView, transport: Transport): string {
  if (connection.hostIface !== "") return connection.hostIface;
  const scope = scopeOf(connection.traddr);
  if (scope !== "") return scope;
  const { traddr, trsvcid, hostTraddr, hostIface } = connection;
  return facts.meets({ transport, traddr, trsvcid, hostTraddr, hostIface })?.iface ?? "";
}

/** Whether a connection is this way: the same address, subsystem, host and interface. A way without an interface is any. */
export function serves(facts: WorldFacts, connection: ConnectionView, way: TransportId): boolean {
  if (connection.transport !== way.transport || !isSameAddress(connection.traddr, way.traddr)) return false;
  if (hasPort(way) && connection.trsvcid !== way.trsvcid) return false;
  if (way.subsysnqn === WELL_KNOWN_DISCOVERY_NQN) {
    if (connection.role !== "discovery") return false;
  } else if (connection.subsysnqn !== way.subsysnqn) return false;
  if (way.hostNqn !== "" && connection.hostNqn !== way.hostNqn) return false;
  if (way.hostTraddr !== "" && !isSameAddress(connection.hostTraddr, way.hostTraddr)) return false;
  const iface = way.hostIface === "" ? scopeOf(way.traddr) : way.hostIface;
  return iface === "" || iface === ifaceOf(facts, connection, way.transport);
}

/**
 * As `serves`, but a connection that stas made is the way that it was made for, and no other: under another interface the
 * configuration or a page asks for another connection.
 */
export function isWay(facts: WorldFacts, connection: ConnectionView, way: TransportId): boolean {
  const isMadeOtherwise = connection.madeBy === "stas" && connection.hostIface !== way.hostIface;
  return serves(facts, connection, way) && (!isMadeOtherwise || scopeOf(way.traddr) !== "");
}
