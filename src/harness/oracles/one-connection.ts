import type { ConnectionView, ProcessName } from "../../adapters/sim/observation.js";
import { formatConnection, isDaemon, isGoing, isSame } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
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
          if (other.uid === made.uid || isGoing(other) || !isSame(other, made)) continue;
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
