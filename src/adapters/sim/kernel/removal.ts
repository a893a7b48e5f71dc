/** The removal of a controller, by a delete or by the kernel itself, with uevents in the order of the logs. */
import { ERRNO } from "../../../core/domain/errno.js";
import type { Milliseconds } from "../../../core/domain/units.js";
import type { Actor, WorldObservation } from "../observation.js";
import { viewOf } from "./controller.js";
import type { Controller, DeleteResult, Deletion } from "./controller.js";
import { LATENCY } from "./latencies.js";
import { later, scaled, setState } from "./parts.js";
import type { KernelParts } from "./parts.js";
import { pathState } from "./path.js";

type Cause = Extract<WorldObservation, { kind: "controller-removed" }>["cause"];

interface RemovalReason {
  readonly by: Actor;
  readonly cause: Cause;
}

/** Ends every admin command in flight. */
export function abortPending(controller: Controller, errno: number): void {
  for (const command of [...controller.pending]) {
    for (const cancel of command.cancel) cancel();
    controller.pending.delete(command);
    command.done({ ok: false, errno });
  }
}

/** Frees the number and subsystem of a removed controller, unless a process still holds its device open. */
export function freeWhenClosed(parts: KernelParts, controller: Controller): void {
  if (controller.presence !== "gone" || controller.adminHandles > 0 || controller.number === "free") return;
  controller.number = "free";
  const subsystem = parts.registry.free(controller);
  if (subsystem !== undefined) parts.uevents.subsystem("remove", subsystem);
}

/** Cancels the next step of a controller. */
function quieten(controller: Controller): void {
  controller.next?.();
  controller.next = undefined;
  controller.notice?.cancel();
  controller.notice = undefined;
}

/** Removes the namespaces' devices: generic, bdi, block (6.12-cloud.s1.log). */
function removeNamespaces(parts: KernelParts, controller: Controller): void {
  const { subsystem } = controller;
  if (subsystem === undefined) return;
  for (const namespace of parts.registry.detachNamespaces(controller)) {
    parts.uevents.generic("remove", subsystem, namespace);
    parts.uevents.bdi("remove", namespace);
    parts.uevents.block("remove", subsystem, namespace);
  }
}

/** Removes a controller from sysfs, sends its `remove`, and frees it `removeSubsystem` later. */
export function vanish(parts: KernelParts, controller: Controller, reason: RemovalReason): void {
  quieten(controller);
  abortPending(controller, ERRNO.EINTR);
  removeNamespaces(parts, controller);
  parts.registry.releaseCntlid(controller);
  const view = viewOf(controller);
  parts.registry.remove(controller);
  parts.uevents.controller("remove", controller);
  parts.observe({ kind: "controller-removed", by: reason.by, cause: reason.cause, controller: view });
  parts.clock.after(LATENCY.removeSubsystem, () => {
    freeWhenClosed(parts, controller);
  });
}

interface Steps {
  readonly namespaces: Milliseconds;
  readonly gone: Milliseconds;
}

/** Removes a controller with no more waiting than `steps`. */
function removeAfter(parts: KernelParts, controller: Controller, steps: Steps, reason: RemovalReason): void {
  const { deletion } = controller;
  if (deletion === undefined) return;
  deletion.phase = "removing";
  later(parts, steps.namespaces, controller, () => {
    removeNamespaces(parts, controller);
  });
  deletion.cancel = later(parts, steps.gone, controller, () => {
    vanish(parts, controller, reason);
    parts.clock.after(LATENCY.deleteReturn, () => {
      for (const waiter of deletion.waiters) waiter();
    });
  });
}

function beginDeletion(parts: KernelParts, controller: Controller): Deletion {
  quieten(controller);
  const deletion: Deletion = { phase: "removing", waiters: [], finish: undefined, cancel: undefined };
  controller.deletion = deletion;
  setState(parts, controller, "deleting");
  setState(parts, controller, "deleting (no IO)");
  abortPending(controller, ERRNO.EINTR);
  return deletion;
}

/** The kernel gives a controller up: its attempts are used up, the target rejected it, or a scenario says so. */
export function giveUp(parts: KernelParts, controller: Controller, reason: RemovalReason): void {
  if (controller.deletion !== undefined) return;
  beginDeletion(parts, controller);
  const factor = parts.latency.factor();
  const gone = hasDevices(controller) ? LATENCY.removeIo : LATENCY.removeDiscovery;
  removeAfter(parts, controller, stepsFor(gone, factor), reason);
}

function hasDevices(controller: Controller): boolean {
  return (controller.subsystem?.pathMinors.get(controller)?.length ?? 0) > 0;
}

function stepsFor(gone: number, factor: number): Steps {
  return { namespaces: scaled(Math.min(LATENCY.deleteNamespaces, gone), factor), gone: scaled(gone, factor) };
}

/**
 * A write to `delete_controller`. It takes 26 to 100 ms. On a live controller with a dead link it takes 63 s, until the
 * shutdown command times out (6.12-cloud.s7.log). ENODEV if the controller is leaving already.
 */
export function deleteController(
  parts: KernelParts,
  controller: Controller,
  by: Actor,
  done: (result: DeleteResult) => void,
): void {
  if (controller.presence === "gone" || controller.deletion !== undefined) {
    parts.clock.after(LATENCY.syscall, () => {
      done({ ok: false, errno: ERRNO.ENODEV });
    });
    return;
  }
  parts.observe({ kind: "delete-begin", by, uid: controller.uid, name: controller.name });
  if (controller.made === "connecting") {
    controller.afterMade.push(() => {
      startDelete(parts, controller, by, done);
    });
    return;
  }
  startDelete(parts, controller, by, done);
}

function startDelete(
  parts: KernelParts,
  controller: Controller,
  by: Actor,
  done: (result: DeleteResult) => void,
): void {
  if (controller.presence === "gone" || controller.deletion !== undefined) {
    done({ ok: false, errno: ERRNO.ENODEV });
    return;
  }
  const wasLive = controller.state === "live";
  const dead = wasLive && pathState(parts, controller) === "dead";
  const deletion = beginDeletion(parts, controller);
  deletion.waiters.push(() => {
    done({ ok: true });
  });
  const reason: RemovalReason = { by, cause: "delete" };
  const factor = parts.latency.factor();
  const devices = hasDevices(controller);
  if (!dead) {
    const live = devices ? LATENCY.deleteIo : LATENCY.deleteDiscovery;
    const whole = wasLive ? live : LATENCY.deleteConnecting;
    removeAfter(parts, controller, stepsFor(whole - LATENCY.deleteReturn, factor), reason);
    return;
  }
  const whole = devices ? LATENCY.deleteDeadLinkIo : LATENCY.deleteDeadLink;
  const steps = stepsFor(whole - LATENCY.deleteReturn, factor);
  removeAfter(parts, controller, steps, reason);
  deletion.phase = "shutdown";
  deletion.finish = () => {
    deletion.cancel?.();
    removeAfter(parts, controller, stepsFor(LATENCY.deleteHealed, 1), reason);
  };
}
