/** Open controllers, and the admin commands through them. */
import { decodeGetLogPage, LID, OPCODE } from "../../../core/codec/admin.js";
import { DecodeError } from "../../../core/codec/error.js";
import { ERRNO } from "../../../core/domain/errno.js";
import { later, Milliseconds } from "../../../core/domain/units.js";
import type { AdminCommand } from "../../../core/ports/fabrics.js";
import type { HandlePurpose } from "../../../core/ports/sysfs.js";
import type { AdminResult, Controller, KernelHandle, PendingCommand } from "./controller.js";
import { LATENCY } from "./latencies.js";
import { recover } from "./lifecycle.js";
import type { KernelParts } from "./parts.js";
import { pathState, roundTripOf } from "./path.js";
import { freeWhenClosed } from "./removal.js";

export type OpenHandleResult =
  { readonly ok: true; readonly handle: KernelHandle } | { readonly ok: false; readonly errno: number };

/**
 * Host Path Error: the host's own answer to a command that cannot leave it. Not measured for an ioctl. The driver's own
 * commands get it (6.12-cloud.s4.log: "Property Set error: 880").
 */
const HOST_PATH_ERROR = 0x370;

/** Host Aborted Command: how 6.1 ends a command in flight after the loss of its controller (docs/fidelity.md). */
const HOST_ABORTED = 0x371;

const NO_BYTES = new Uint8Array(0);

/** Opens `/dev/nvmeN`, or the controller's `delete_controller`. The device is EAGAIN unless live (6.12-cloud.s4.log). */
export function openHandle(parts: KernelParts, name: string, purpose: HandlePurpose): OpenHandleResult {
  const controller = parts.registry.get(name);
  if (controller === undefined) return { ok: false, errno: ERRNO.ENOENT };
  if (purpose === "admin") {
    if (controller.state !== "live") return { ok: false, errno: ERRNO.EAGAIN };
    controller.adminHandles++;
  }
  return { ok: true, handle: { purpose, controller, isOpen: true } };
}

/** Closes a handle. No effect if it is closed. The last one frees the number of a removed controller. */
export function closeHandle(parts: KernelParts, handle: KernelHandle): void {
  if (!handle.isOpen) return;
  handle.isOpen = false;
  if (handle.purpose !== "admin") return;
  handle.controller.adminHandles--;
  freeWhenClosed(parts, handle.controller);
}

/**
 * Sends an admin command. ENODEV if the controller is gone. EINTR if the controller is lost meanwhile, as in
 * 6.12-cloud.s7.log: "EINTR after 6921ms". A command that times out makes the driver recover the controller.
 */
export function adminCommand(
  parts: KernelParts,
  handle: KernelHandle,
  command: AdminCommand,
  done: (result: AdminResult) => void,
): void {
  const { controller } = handle;
  const soon = (result: AdminResult): void => {
    parts.clock.after(LATENCY.syscall, () => {
      done(result);
    });
  };
  if (!handle.isOpen || handle.purpose !== "admin") {
    soon({ ok: false, errno: ERRNO.EBADF });
    return;
  }
  if (controller.presence === "gone" || controller.deletion !== undefined) {
    soon({ ok: false, errno: ERRNO.ENODEV });
    return;
  }
  if (controller.state !== "live" || controller.peer === undefined || controller.listener === undefined) {
    soon({ ok: true, status: HOST_PATH_ERROR, value: 0, bytes: NO_BYTES });
    return;
  }
  send(parts, controller, command, done);
}

function send(
  parts: KernelParts,
  controller: Controller,
  command: AdminCommand,
  done: (result: AdminResult) => void,
): void {
  const timeout = Milliseconds(Math.max(1, command.timeout));
  const deadline = later(parts.clock.now(), timeout);
  const pending: PendingCommand = { done, cancel: [], deadline, resend: undefined };
  controller.pending.add(pending);
  pending.cancel.push(
    parts.clock.after(timeout, () => {
      expire(parts, controller, pending);
    }),
  );
  transmit(parts, controller, command, pending);
}

/** A command times out. The driver treats its controller as lost. If it is lost already, ends only the command. */
function expire(parts: KernelParts, controller: Controller, pending: PendingCommand): void {
  if (!controller.pending.has(pending)) return;
  if (controller.state === "live") {
    recover(parts, controller, "timed-out");
    return;
  }
  pending.cancel.push(
    parts.clock.after(parts.profile.commandsAborted, () => {
      controller.pending.delete(pending);
      pending.done({ ok: true, status: HOST_ABORTED, value: 0, bytes: NO_BYTES });
    }),
  );
}

/** Sends a command over TCP, which sends lost data again once the path is well. */
function transmit(parts: KernelParts, controller: Controller, command: AdminCommand, pending: PendingCommand): void {
  const lost = (): void => {
    pending.resend = () => {
      transmit(parts, controller, command, pending);
    };
  };
  pending.resend = undefined;
  if (pathState(parts, controller) !== "well") {
    lost();
    return;
  }
  const reply = work(parts, controller, command);
  const after = parts.latency.one(Milliseconds(LATENCY.admin + roundTripOf(parts, controller)));
  pending.cancel.push(
    parts.clock.after(Milliseconds(after + reply.after), () => {
      if (pathState(parts, controller) !== "well") {
        lost();
        return;
      }
      for (const cancel of pending.cancel) cancel();
      controller.pending.delete(pending);
      pending.done(reply.result);
    }),
  );
}

interface Reply {
  readonly after: Milliseconds;
  readonly result: AdminResult;
}

/** Whether a command reads the discovery log page with RAE=0, which lets the next AEN through (6.12-cloud.s2.log). */
function clearsAen(command: AdminCommand): boolean {
  if (command.opcode !== OPCODE.getLogPage) return false;
  try {
    const request = decodeGetLogPage(command);
    return request.lid === LID.discovery && request.rae === "clear";
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** The target processes a command. It reads the page and lets the next AEN through at the same moment. */
function work(parts: KernelParts, controller: Controller, command: AdminCommand): Reply {
  const { peer, listener, options, cntlid } = controller;
  if (peer === undefined || listener === undefined) {
    return { after: Milliseconds(0), result: { ok: true, status: HOST_PATH_ERROR, value: 0, bytes: NO_BYTES } };
  }
  const asker = { peer, listener, hostNqn: options.hostNqn, cntlid, katoSeconds: options.katoSeconds };
  const { after, result } = parts.fabric.answer(asker, command);
  if (result.kind === "errno") return { after, result: { ok: false, errno: result.errno } };
  const { status, value, bytes } = result;
  if (status === 0 && clearsAen(command)) controller.aen = "armed";
  return { after, result: { ok: true, status, value, bytes } };
}
