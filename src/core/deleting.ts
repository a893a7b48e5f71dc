/** Deletes through a handle whose identity was compared with what was decided. */
import { log, newRequest, type Context } from "./context.js";
import { parseControllerRecord } from "./codec/sysfs.js";
import type { ControllerId } from "./controller/types.js";
import { errnoName } from "./domain/errno.js";
import { addressKey, type PeerAddress } from "./kernel/match.js";
import type { RequestId } from "./ports/request.js";

/** What the decision was about: the name may stand for another controller by now. */
export interface Decided extends PeerAddress {
  readonly subsysnqn: string;
}

/** Starts a delete. `undefined`: that controller is gone already, there is nothing to delete. */
export function startDelete(
  context: Context,
  device: string,
  decided: Decided,
  controller: ControllerId | undefined,
): RequestId | undefined {
  const opened = context.ports.sysfs.open(device, "delete");
  if (!opened.ok) {
    log(context, "info", `${device} is gone already (${errnoName(opened.errno)})`);
    return undefined;
  }
  const found = parseControllerRecord(opened.record);
  const known = context.state.kernel.byName.get(device)?.controller;
  const same =
    addressKey(found) === addressKey(decided) &&
    (known === undefined || (known.subsysnqn === found.subsysnqn && known.hostnqn === found.hostnqn));
  if (!same) {
    log(context, "info", `${device} stands for another controller by now: not deleted`);
    context.ports.sysfs.close(opened.handle);
    return undefined;
  }
  const request = newRequest(context, { kind: "delete", handle: opened.handle, device, controller });
  context.ports.sysfs.delete(request, opened.handle);
  return request;
}
