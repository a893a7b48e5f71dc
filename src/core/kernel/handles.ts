/** Opens controllers by handle: between a decision and its effect, a number may pass to another controller. */
import { parseControllerRecord } from "../codec/sysfs.js";
import { advice } from "../domain/advice.js";
import type { Context } from "../state/context.js";
import { ERRNO, errnoName } from "../domain/errno.js";
import { addressKey, type PeerAddress } from "./match.js";
import type { HandleId, HandlePurpose } from "../ports/sysfs.js";

export type Opened =
  | { readonly ok: true; readonly handle: HandleId }
  /** `gone`: the controller no longer exists. `connecting`: it takes no commands until it is live. */
  | { readonly ok: false; readonly found: "gone" | "connecting" | "unfit"; readonly because: string };

/**
 * Opens the controller that a decision was about. Compares what the handle shows with the address of the decision and with
 * the index. Fails if the controller is gone or its number belongs to another.
 */
export function openDecided(context: Context, device: string, purpose: HandlePurpose, decided: PeerAddress): Opened {
  const opened = context.ports.sysfs.open(device, purpose);
  if (!opened.ok) {
    return {
      ok: false,
      found: foundBy(opened.errno),
      because: `${device} cannot be opened (${errnoName(opened.errno)}: ${advice("handle", opened.errno)})`,
    };
  }
  const found = parseControllerRecord(opened.record);
  const known = context.state.kernel.byName.get(device)?.controller;
  const isKnown = known?.complete !== true || (known.subsysnqn === found.subsysnqn && known.hostNqn === found.hostNqn);
  if (isKnown && addressKey(found) === addressKey(decided)) return { ok: true, handle: opened.handle };
  context.ports.sysfs.close(opened.handle);
  return { ok: false, found: "gone", because: `${device} is now another controller` };
}

function foundBy(errno: number): "gone" | "connecting" | "unfit" {
  if (errno === ERRNO.ENOENT || errno === ERRNO.ENODEV) return "gone";
  return errno === ERRNO.EAGAIN ? "connecting" : "unfit";
}
