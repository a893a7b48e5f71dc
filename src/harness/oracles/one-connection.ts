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

/**
 * Whether one of two connections would do: they are the same, or differ only in that one is bound to the interface that
 * leads the other, live one to its peer too.
 */
function isNeedless({ facts }: RunView, made: ConnectionView, other: ConnectionView): boolean {
  if (isSame(made, other)) return true;
  const { hostIface } = made;
  if (other.state !== "live" || (hostIface !== "") === (other.hostIface !== "")) return false;
  if (!isSame(made, { ...other, hostIface })) return false;
  const transport = parseTransport(made.transport);
  return transport !== undefined && ifaceOf(facts, made, transport) === ifaceOf(facts, other, transport);
}

/** One connection per transport id and host identity. Field bugs 16, 22, 23. */
export const oneConnection: Oracle = {
  name: "one-connection-per-transport-id",
  observe(view, report) {
    const beganAt = new Map<string, number>();
    return {
      observed(seen) {
        if (seen.kind === "connect-begin" && isDaemon(seen.by)) beganAt.set(seen.options, view.now());
        if (seen.kind !== "connect-end" || !isDaemon(seen.by)) return;
        const connectAt = beganAt.get(seen.options) ?? view.now();
        beganAt.delete(seen.options);
        const made = seen.uid === undefined ? undefined : view.controllers.get(seen.uid);
        if (made === undefined || seen.errno !== 0) return;
        for (const other of view.controllers.all()) {
          if (other.uid === made.uid || isGoing(other) || !isNeedless(view, made, other)) continue;
          if (!mustKnow(view, seen.by, other, connectAt)) continue;
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
