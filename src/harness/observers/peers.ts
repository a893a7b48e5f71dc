/** Where the peers of a scenario listen. */
import type { FabricId, ListenSpec, WorldSpec } from "../../adapters/sim/spec.js";

/** Addresses of a discovery controller or subsystem; none where the id names a controller given as sysfs attributes. */
export function peerAddresses(spec: WorldSpec, id: FabricId): readonly ListenSpec[] {
  const { discoveryControllers, subsystems } = spec.fabric;
  return [...discoveryControllers, ...subsystems].find((peer) => peer.id === id)?.listen ?? [];
}
