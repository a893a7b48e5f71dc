/** What observers ask about the peers of a scenario. */
import type { ConnectionView } from "../../adapters/sim/observation.js";
import type { FabricId, ListenSpec, WorldSpec } from "../../adapters/sim/spec.js";
import { refMatches } from "../controllers.js";
import type { ControllerDescription } from "../core-view.js";
import type { ControllerRef } from "../vocabulary/parts/ids.js";
import { formatTime } from "./observer.js";
import type { RunView } from "./run-view.js";

/** Addresses of a discovery controller or subsystem; none if the id names a controller given as sysfs attributes. */
export function peerAddresses(spec: WorldSpec, id: FabricId): readonly ListenSpec[] {
  const { discoveryControllers, subsystems } = spec.fabric;
  return [...discoveryControllers, ...subsystems].find((peer) => peer.id === id)?.listen ?? [];
}

/** Prints the kernel's controllers to a peer: `nvme1 live`. */
export function formatStates(views: readonly ConnectionView[]): string {
  return views.length === 0 ? "no controller" : views.map((view) => `${view.name} ${view.state}`).join(", ");
}

/** Whether a core describes a controller to this peer. */
export function isAbout(view: RunView, description: ControllerDescription, ref: ControllerRef): boolean {
  const { traddr, trsvcid, hostIface } = description.transportId;
  if (ref.hostIface !== undefined && hostIface !== ref.hostIface) return false;
  if (description.device !== "") {
    for (const controller of view.controllers.all()) {
      if (controller.name === description.device) return refMatches({ id: ref.id }, controller);
    }
  }
  return peerAddresses(view.spec, ref.id).some((listen) => listen.traddr === traddr && listen.trsvcid === trsvcid);
}

/** What the cores say about a peer, one sentence per controller. */
export function explain(view: RunView, ref: ControllerRef): readonly string[] {
  return view
    .describe()
    .filter((controller) => isAbout(view, controller, ref))
    .map(({ service, doing, why, since }) => `${service}: ${doing} since ${formatTime(since)} (${why})`);
}
