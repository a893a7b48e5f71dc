/** Reads one controller from sysfs into the index. */
import { identifyController } from "../codec/admin.js";
import { DecodeError } from "../codec/error.js";
import { controllerType, decodeIdentify, discoveryControllerType, type Identify } from "../codec/identify.js";
import { parseControllerRecord, type KernelController } from "../codec/sysfs.js";
import { armNoLater, newRequest, type Context } from "../state/context.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../domain/transport-id.js";
import { openDecided } from "./handles.js";
import { ADD_SOAK, ADMIN_TIMEOUT, INCOMPLETE_READS_MAX } from "../domain/limits.js";
import type { AdminReplyEvent } from "../ports/fabrics.js";
import type { RequestId } from "../ports/request.js";
import type { HandleId, SysfsRecord, SysfsSummary } from "../ports/sysfs.js";
import { dctypeOf, enter } from "./device-index.js";
import type { DeviceKind, Device } from "../state/device.js";

function summaryOf({ name, attributes }: SysfsRecord): SysfsSummary {
  const { state = "", subsysnqn = "", address = "" } = attributes;
  return { name, state, subsysnqn, address };
}

/**
 * Reads a controller and enters it. Returns `undefined` if it is gone. Asks the controller for its kind if the kernel does
 * not say. Schedules another read if attributes are incomplete.
 */
export function refresh(context: Context, name: string): Device | undefined {
  const record = context.ports.sysfs.read(name);
  if (record === undefined) return undefined;
  const { kernel } = context.state;
  const controller = parseControllerRecord(record);
  const before = kernel.byName.get(name);
  const present = enter(kernel, controller, kindOf(controller, before), summaryOf(record));
  present.incompleteReads = controller.complete ? 0 : present.incompleteReads + 1;
  const readAgain = present.incompleteReads > 0 && present.incompleteReads <= INCOMPLETE_READS_MAX;
  if (readAgain) armNoLater(context, { kind: "add" }, ADD_SOAK);
  if (lacksAnswer(present) && controller.complete && controller.state === "live") identify(context, present);
  return present;
}

function kindOf(controller: KernelController, before: Device | undefined): DeviceKind {
  switch (controller.cntrltype) {
    case "io":
    case "discovery":
      return controller.cntrltype;
    case "admin":
      return "other";
    case "reserved":
    case "unknown":
      if (controller.transport === "pcie") return "other";
      // Nothing else has that name, and a controller that is reconnecting cannot be asked.
      if (controller.subsysnqn === WELL_KNOWN_DISCOVERY_NQN) return "discovery";
      return before !== undefined && isSame(before.controller, controller) ? before.kind : "unknown";
  }
}

function isSame(one: KernelController, other: KernelController): boolean {
  return (
    one.subsysnqn === other.subsysnqn &&
    one.traddr === other.traddr &&
    one.trsvcid === other.trsvcid &&
    one.cntlid === other.cntlid
  );
}

/** Whether Identify has to say what a controller is, or whether a discovery controller is a CDC or a DDC. */
export function lacksAnswer(present: Device): boolean {
  return present.kind === "unknown" || (present.kind === "discovery" && dctypeOf(present) === "");
}

/** Kernels before 5.18 do not show what a controller is. Identify does. */
function identify(context: Context, present: Device): void {
  if (present.identify !== undefined) return;
  const device = present.controller.name;
  const opened = openDecided(context, device, "admin", present.controller);
  if (!opened.ok) return;
  const request = newRequest(context, { kind: "identify", handle: opened.handle, device });
  context.ports.fabrics.admin(request, opened.handle, identifyController(ADMIN_TIMEOUT));
  present.identify = request;
  if (present.kind === "unknown") present.kind = "asking";
}

/**
 * Handles the answer to Identify. Byte 111 gives the kind. If it is 0 (before NVMe 1.4), the well-known NQN means a discovery
 * controller, and any other NQN leaves the kind `unknown`: such a controller is never touched. Without an answer, the audit
 * asks again. Returns the updated controller.
 */
export function onIdentified(
  context: Context,
  { handle, device }: { readonly handle: HandleId; readonly device: string },
  request: RequestId,
  result: AdminReplyEvent["result"],
): Device | undefined {
  context.ports.sysfs.close(handle);
  const present = context.state.kernel.byName.get(device);
  if (present?.identify !== request) return undefined;
  present.identify = undefined;
  const answer = result.ok && result.status === 0 ? readIdentify(result.bytes) : undefined;
  if (present.kind === "asking" || present.kind === "unknown")
    present.kind = answer === undefined ? "unknown" : kindFromIdentify(answer, present.controller.subsysnqn);
  if (answer !== undefined) present.identifiedDctype = discoveryControllerType(answer.dctype);
  return present;
}

function readIdentify(bytes: Uint8Array): Identify | undefined {
  try {
    return decodeIdentify(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}

function kindFromIdentify({ cntrltype }: Identify, subsysnqn: string): DeviceKind {
  const kind = controllerType(cntrltype);
  if (kind === "io" || kind === "discovery") return kind;
  if (kind === "admin") return "other";
  return subsysnqn === WELL_KNOWN_DISCOVERY_NQN ? "discovery" : "unknown";
}
