import type { ConnectionView } from "../../adapters/sim/observation.js";
import { isExcluded } from "../../core/config/controller-entry.js";
import { parseTransport } from "../../core/domain/transport-id.js";
import type { Milliseconds } from "../../core/domain/units.js";
import { connectOptions, formatConnection, isDaemon, isGoing } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import { isWay } from "../truth/path.js";
import type { WantedWay } from "../truth/wanted.js";
import type { Oracle } from "./oracle.js";

/** How long the last path of a subsystem waits for the new ones: then the page's word counts. */
const WAITS_MS = 60_000;

function addressText(traddr: unknown, trsvcid: unknown): string {
  return `${String(traddr)} ${String(trsvcid)}`;
}

/** Other ways to the victim's subsystem that are wanted. A way that only an unread page lists is not known to the daemon. */
function otherWays({ truth, facts }: RunView, victim: ConnectionView): readonly WantedWay[] {
  const ways = [...truth.wanted().ios.values()].filter(({ tid }) => tid.subsysnqn === victim.subsysnqn);
  if (ways.some(({ tid }) => isWay(facts, victim, tid))) return [];
  return ways.filter(({ toldAt, through }) => toldAt !== undefined || through === undefined);
}

function isOnlyLivePath({ controllers }: RunView, victim: ConnectionView): boolean {
  if (victim.state !== "live") return false;
  for (const other of controllers.all())
    if (other.uid !== victim.uid && other.subsysnqn === victim.subsysnqn && other.state === "live" && !isGoing(other))
      return false;
  return true;
}

/** Whether stacd.conf excludes a connection: an exclude acts at once. */
function isBarred({ truth }: RunView, victim: ConnectionView): boolean {
  const transport = parseTransport(victim.transport);
  const { stac } = truth.inForce;
  return (
    transport === undefined || stac === undefined || isExcluded({ ...victim, transport }, stac.excludes) !== undefined
  );
}

/**
 * Pages that replace all paths of a subsystem do not cut it off: its last live path stays until a new path is live, or
 * each has failed once, or `WAITS_MS` are over.
 */
export const lastPath: Oracle = {
  name: "never-the-last-path",
  observe(view, report) {
    const probes = new Map<string, string>();
    /** When an attempt at an address last failed, in a probe or a connect. */
    const failedAt = new Map<string, Milliseconds>();
    const hasFailed = ({ tid, toldAt }: WantedWay): boolean =>
      (failedAt.get(addressText(tid.traddr, tid.trsvcid)) ?? -1) >= (toldAt ?? 0);
    return {
      called({ process, request, probe }) {
        if (probe !== undefined && request !== undefined)
          probes.set(`${process} ${String(request)}`, addressText(probe.traddr, probe.trsvcid));
      },
      dispatched(process, event) {
        if (event.kind !== "probed") return;
        const target = probes.get(`${process} ${String(event.request)}`);
        probes.delete(`${process} ${String(event.request)}`);
        if (target !== undefined && !event.result.ok) failedAt.set(target, view.now());
      },
      observed(seen) {
        if (seen.kind === "connect-end" && isDaemon(seen.by) && seen.errno !== 0) {
          const options = connectOptions(seen.options);
          failedAt.set(addressText(options.get("traddr"), options.get("trsvcid")), view.now());
        }
        if (seen.kind !== "delete-begin" || !isDaemon(seen.by)) return;
        const victim = view.controllers.get(seen.uid);
        if (victim?.role !== "io" || !isOnlyLivePath(view, victim) || isBarred(view, victim)) return;
        const droppedAt = view.truth.pages.droppedAt(victim);
        if (droppedAt === undefined || view.now() - droppedAt >= WAITS_MS) return;
        const untried = otherWays(view, victim).find((way) => !hasFailed(way));
        if (untried === undefined) return;
        report(
          `the last live path to ${victim.subsysnqn} stays until a new one is live or all of them have failed once`,
          failed(
            `${seen.by} deleted ${formatConnection(victim)} before ${untried.tid.traddr}:${untried.tid.trsvcid} was tried`,
            "a page that replaces every path of a subsystem is a move, not the end of the subsystem",
          ),
        );
      },
    };
  },
};
