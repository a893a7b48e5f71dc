import type { ConnectionView } from "../../adapters/sim/observation.js";
import { parseStacConfig } from "../../core/config/stacd.js";
import type { StacConfig } from "../../core/config/types.js";
import { STAC_CONFIG } from "../../core/stac/service.js";
import { formatConnection, isGoing, isSame } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import type { Oracle } from "./oracle.js";

/** Files that survive a process. */
const STATE_PATH = /^\/(run|var\/lib)\//;

function isInState(view: RunView, connection: ConnectionView): boolean {
  for (const path of view.filePaths()) {
    if (!STATE_PATH.test(path)) continue;
    const text = view.readFile(path) ?? "";
    if (text.includes(connection.traddr) && text.includes(connection.subsysnqn)) return true;
    // The record of a discovery controller with a unique NQN holds the NQN that was asked for.
    if (connection.role === "discovery" && text.includes(connection.traddr)) return true;
  }
  return false;
}

/** Whether stac lets go of such a connection, without a disconnect, if nothing wants it (docs/stac.md). */
function isSpared({ disconnectScope, disconnectTrtypes }: StacConfig, { role, transport }: ConnectionView): boolean {
  if (role !== "io" || disconnectScope === "only-stas-connections") return false;
  return disconnectScope === "no-disconnect" || !disconnectTrtypes.some((covered) => covered === transport);
}

/** At the end, a running process knows each connection that stas made, or a state file records it. Field bug 24. */
export const noOrphan: Oracle = {
  name: "no-orphan",
  observe(view, report) {
    /** State files whose last write failed: their content is old, and the daemon has said so. */
    const stale = new Set<string>();
    /** Ours, beside the same connection made by someone else: once the process is gone, nothing tells them apart. */
    const twins = new Set<number>();
    /** Ours, once held by a service whose disconnect scope lets go of such connections. */
    const spared = new Set<number>();
    /** Ours, when someone removed a state file: a later process cannot know them. */
    const unrecorded = new Set<number>();
    let inForce: StacConfig | undefined;
    return {
      dispatched(process, event) {
        if (process === "staf" || event.kind !== "control" || event.action === "stop") return;
        const parsed = parseStacConfig(STAC_CONFIG, view.readFile(STAC_CONFIG) ?? "");
        if (parsed.ok) inForce = parsed.value;
      },
      rested() {
        if (inForce === undefined || inForce.disconnectScope === "only-stas-connections") return;
        const held = new Set(view.describe().map((controller) => controller.device));
        for (const connection of view.controllers.all())
          if (held.has(connection.name) && isSpared(inForce, connection)) spared.add(connection.uid);
      },
      acted(action) {
        if (action.kind !== "remove-file" || !STATE_PATH.test(action.path)) return;
        for (const { uid } of view.controllers.all()) unrecorded.add(uid);
      },
      observed(seen) {
        if (seen.kind === "controller-added") {
          for (const other of view.controllers.all()) {
            if (other.madeBy === seen.controller.madeBy || !isSame(other, seen.controller)) continue;
            twins.add(other.uid).add(seen.controller.uid);
          }
        }
        if (seen.kind === "file-failed" && STATE_PATH.test(seen.path)) stale.add(seen.path);
        if (seen.kind === "file-written") stale.delete(seen.path);
      },
      finish() {
        if (stale.size > 0) return;
        const known = new Set(view.describe().map((controller) => controller.device));
        for (const connection of view.controllers.all()) {
          if (connection.madeBy !== "stas" || isGoing(connection) || connection.state === "new") continue;
          if (known.has(connection.name) || isInState(view, connection) || twins.has(connection.uid)) continue;
          if (spared.has(connection.uid) || unrecorded.has(connection.uid)) continue;
          report(
            "a process knows each connection that stas made, or its state records it",
            failed(
              `no process or record knows ${formatConnection(connection)}`,
              "a connect that ended after its controller was given up, or a record written too late",
            ),
          );
        }
      },
    };
  },
};
