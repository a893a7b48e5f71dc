/** A step of a time line as a trace body. Steps are rare, so `JSON.stringify` is fast enough. File texts may hold secrets, so the body has their digest. Keys are left out. */
import { createHash } from "node:crypto";
import type { WorldAction } from "../../adapters/sim/actions.js";
import { quote } from "./text.js";

/** The body of the record of a step. `id` is empty if the step has none. */
export function actionText(id: string, action: WorldAction): string {
  const shown =
    action.kind === "write-file"
      ? {
          kind: action.kind,
          path: action.path,
          length: action.text.length,
          sha256: createHash("sha256").update(action.text, "utf8").digest("hex"),
        }
      : action.kind === "dhchap"
        ? { kind: action.kind, id: action.id }
        : action;
  return `"step":${quote(id)},"does":${JSON.stringify(shown)}`;
}
