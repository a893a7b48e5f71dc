/** A step of a time line as a trace body. Rare, so `JSON.stringify` does; file texts may hold secrets and are shown by digest. */
import { createHash } from "node:crypto";
import type { WorldAction } from "../../adapters/sim/actions.js";
import { quote } from "./text.js";

/** The body of a record of a step of the time line; `id` is empty where the step has none. */
export function actionText(id: string, action: WorldAction): string {
  const shown =
    action.kind === "write-file"
      ? {
          kind: action.kind,
          path: action.path,
          length: action.text.length,
          sha256: createHash("sha256").update(action.text, "utf8").digest("hex"),
        }
      : action;
  return `"step":${quote(id)},"does":${JSON.stringify(shown)}`;
}
