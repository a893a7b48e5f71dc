import type { ConnectionView, ProcessName } from "../../adapters/sim/observation.js";
import type { ServiceName } from "../../core/ports/bus.js";
import { formatConnection, isDaemon, isGoing } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import { runs } from "../truth/in-force.js";
import { isWay, serves } from "../truth/path.js";
import type { WantedWay } from "../truth/wanted.js";
import type { Oracle } from "./oracle.js";

/** The wanted way that a connection is; `undefined` if nothing wants it. */
function wayOf({ truth, facts }: RunView, victim: ConnectionView): WantedWay | undefined {
  const { dcs, ios } = truth.wanted();
  return [...(victim.role === "discovery" ? dcs : ios).values()].find(({ tid }) => isWay(facts, victim, tid));
}

/** Whether a live connection other than the victim makes the victim needless: the same way, or the same configured name. */
function isServedWithout({ truth, controllers, facts }: RunView, victim: ConnectionView, way: WantedWay): boolean {
  const { dcs, ios } = truth.wanted();
  const same = [...(victim.role === "discovery" ? dcs : ios).values()].filter(
    (other) => other === way || (way.hostName !== "" && other.hostName === way.hostName && other.by === way.by),
  );
  for (const other of controllers.all()) {
    if (other.uid === victim.uid || isGoing(other) || other.state !== "live") continue;
    if (same.some(({ tid }) => serves(facts, other, tid))) return true;
  }
  return false;
}

/** Whether the options of a connection changed since it was made. An I/O connection goes only beside another live path. */
function mayRenew({ truth, controllers }: RunView, victim: ConnectionView): boolean {
  const service: ServiceName = victim.role === "discovery" ? "staf" : "stac";
  const since = truth.inForce.optionsSince(service);
  if (since === undefined || since <= controllers.addedAt(victim.uid)) return false;
  if (service === "staf") return true;
  for (const other of controllers.all())
    if (other.uid !== victim.uid && other.subsysnqn === victim.subsysnqn && other.state === "live") return true;
  return false;
}

/**
 * No daemon deletes a connection that the world wants: one to a discovery controller to which the configuration in force
 * leads, or to a controller that it or such a discovery controller lists. Judges by the world, path by path. A page served
 * without the controller takes the listing back, until the daemon has news of that page. Field bugs 3, 5, 7.
 */
export const wantedDisconnect: Oracle = {
  name: "never-disconnect-what-is-wanted",
  observe(view, report) {
    const stopping = new Set<ProcessName>();
    return {
      observed(seen) {
        if (seen.kind === "process") {
          if (seen.phase === "stopping") stopping.add(seen.process);
          if (seen.phase === "started") stopping.delete(seen.process);
        }
        if (seen.kind !== "delete-begin" || !isDaemon(seen.by)) return;
        const victim = view.controllers.get(seen.uid);
        if (victim === undefined || victim.role === "pcie") return;
        const way = wayOf(view, victim);
        if (way === undefined || mayRenew(view, victim) || isServedWithout(view, victim, way)) return;
        const { staf } = view.truth.inForce;
        const stops = stopping.has(seen.by) && runs(seen.by, "staf") && staf?.persistentConnections === false;
        if (stops && victim.role === "discovery") return;
        report(
          `${victim.peer ?? victim.name} stays connected: ${way.by} wants it`,
          failed(
            `${seen.by} deleted ${formatConnection(victim)}`,
            "what is not known yet is not absent: a name without an answer, a referral or service not read yet, a page not read since it changed",
          ),
        );
      },
    };
  },
};
