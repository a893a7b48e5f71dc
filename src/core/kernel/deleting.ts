/** Deletes, each through a handle. */
import { log, newRequest, type Context } from "../state/context.js";
import type { ControllerId } from "../state/controller.js";
import { openDecided } from "./handles.js";
import type { PeerAddress } from "./match.js";
import type { RequestId } from "../ports/request.js";
import type { CoreState } from "../state/state.js";

export type DeleteStarted =
  | { readonly kind: "started"; readonly request: RequestId }
  /** There is nothing left to delete. */
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly because: string };

/** Starts a delete. The event `deleted` ends it. */
export function startDelete(
  context: Context,
  device: string,
  decided: PeerAddress,
  controller: ControllerId | undefined,
): DeleteStarted {
  const opened = openDecided(context, device, "delete", decided);
  if (!opened.ok) {
    log(context, "info", `not deleted: ${opened.because}`);
    return opened.found === "gone" ? { kind: "gone" } : { kind: "failed", because: opened.because };
  }
  const request = newRequest(context, { kind: "delete", handle: opened.handle, device, controller });
  context.ports.sysfs.delete(request, opened.handle);
  return { kind: "started", request };
}

/** Devices with a delete in flight. It takes a minute if the link is dead (6.12-cloud.s7.log), and one is enough. */
export function devicesBeingDeleted({ requests }: CoreState): ReadonlySet<string> {
  return new Set([...requests.values()].flatMap((pending) => (pending.kind === "delete" ? [pending.device] : [])));
}
