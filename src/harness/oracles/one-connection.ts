import type { ConnectionView, ProcessName } from "../../adapters/sim/observation.js";
import { parseTransport } from "../../core/domain/transport-id.js";
import { formatConnection, isDaemon, isGoing, isSame } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import { ifaceOf } from "../truth/path.js";
import type { Oracle } from "./oracle.js";

/** The audit finds a controller whose uevent was lost within this time. */
const UNANNOUNCED_MAX_MS = 61_000;

/**
 * Whether `process` had to know `other` when it wrote its connect string: `other` was there when the process started,
 * stas made it, or the audit has run since.
 */
function mustKnow(view: RunView, process: ProcessName, other: ConnectionView, connectAt: number): boolean {
  const added = view.controllers.addedAt(other.uid);
  if (added >= connectAt) return false;
  const started = view.startedAt(process) ?? 0;
  return added < started || connectAt - added >= UNANNOUNCED_MAX_MS || other.madeBy === "stas";
}

/** Whether two connections differ only in that one is bound to the interface that leads the other, live one to its peer too. */
function leadsTheSameWay({ facts }: RunView, made: ConnectionView, other: ConnectionView): boolean {
  const { hostIface } = made;
  if (other.state !== "live" || (hostIface !== "") === (other.hostIface !== "")) return false;
  if (!isSame(made, { ...other, hostIface })) return false;
  const transport = parseTransport(made.transport);
  return transport !== undefined && ifaceOf(facts, made, transport) === ifaceOf(facts, other, transport);
}

function namesNoWay(one: ConnectionView): boolean {
  return one.hostTraddr === "" && one.hostIface === "";
}

/** Whether two connections have the same ends, and `plain` asks for no way while the other asks for one, and so serves both. */
function isSpare(plain: ConnectionView, other: ConnectionView): boolean {
  if (!namesNoWay(plain) || namesNoWay(other)) return false;
  return isSame(plain, { ...other, hostTraddr: "", hostIface: "" });
}

/** One connection per transport id and host identity, and none without a way beside one with a way. Field bugs 16, 22, 23. */
export const oneConnection: Oracle = {
  name: "one-connection-per-transport-id",
  observe(view, report) {
    const beganAt = new Map<string, number>();
    /** When the connect of a connection ended, of those that a process made since it started. */
    const endedAt = new Map<number, { readonly by: ProcessName; readonly at: number }>();
    /** Whether this run of `process` made `other`, and its connect ended since then. */
    const isOwn = (process: ProcessName, other: ConnectionView, since: number): boolean => {
      const ended = endedAt.get(other.uid);
      return ended?.by === process && ended.at >= since;
    };
    const mayReport = (
      process: ProcessName,
      made: ConnectionView,
      other: ConnectionView,
      connectAt: number,
    ): boolean => {
      if (isSame(other, made) || leadsTheSameWay(view, made, other)) return mustKnow(view, process, other, connectAt);
      if (isSpare(made, other)) return isOwn(process, other, 0) || mustKnow(view, process, other, connectAt);
      // One without a way may have gone elsewhere, unless the two were in the kernel together.
      return isSpare(other, made) && isOwn(process, other, connectAt);
    };
    return {
      observed(seen) {
        if (seen.kind === "process" && seen.phase === "started") {
          beganAt.clear();
          endedAt.clear();
        }
        if (seen.kind === "connect-begin" && isDaemon(seen.by)) beganAt.set(seen.options, view.now());
        if (seen.kind !== "connect-end" || !isDaemon(seen.by)) return;
        const isOurs = beganAt.has(seen.options);
        const connectAt = beganAt.get(seen.options) ?? view.now();
        beganAt.delete(seen.options);
        const made = seen.uid === undefined ? undefined : view.controllers.get(seen.uid);
        if (made === undefined || seen.errno !== 0) return;
        if (isOurs) endedAt.set(made.uid, { by: seen.by, at: view.now() });
        for (const other of view.controllers.all()) {
          if (other.uid === made.uid || isGoing(other) || !mayReport(seen.by, made, other, connectAt)) continue;
          report(
            "one connection per transport id",
            failed(
              `${seen.by} connected ${formatConnection(made)} beside ${formatConnection(other)}`,
              "the kernel accepts a second connection to the well-known discovery NQN without an error",
            ),
          );
        }
      },
    };
  },
};
