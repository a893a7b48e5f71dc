/** Where the peers of a scenario listen. */
import type { FabricId, ListenSpec, WorldSpec } from "../../adapters/sim/spec.js";
import { refMatches, type ControllerIndex } from "../controllers.js";
import type { ControllerRef } from "../scenario/types.js";

/** Addresses of a discovery controller or subsystem; none where the id names a controller given as sysfs attributes. */
export function peerAddresses(spec: WorldSpec, id: FabricId): readonly ListenSpec[] {
  const { discoveryControllers, subsystems } = spec.fabric;
  return [...discoveryControllers, ...subsystems].find((peer) => peer.id === id)?.listen ?? [];
}

/** Whether a connect string names this interface, or the reference names none. */
export function viaInterface(ref: ControllerRef, options: string): boolean {
  return ref.hostIface === undefined || options.split(",").includes(`host_iface=${ref.hostIface}`);
}

/** Whether a delete of this controller is one of a controller that a reference names. */
export function isOneOf(refs: readonly ControllerRef[], controllers: ControllerIndex, uid: number): boolean {
  const view = controllers.get(uid);
  return view !== undefined && refs.some((ref) => refMatches(ref, view));
}
