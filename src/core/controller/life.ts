/** The one place where a controller changes its state. */
import { arm, disarm, type Context } from "../state/context.js";
import type { Milliseconds } from "../domain/units.js";
import { formatTransportId } from "../domain/transport-id.js";
import { bind, unbind } from "../kernel/index.js";
import { isControllerId, type Controller, type Life } from "../state/controller.js";

/** The timers of a controller: that of its next attempt, of its page's next read, of its registration. */
export const retryTimer = (controller: Controller): string => `retry ${controller.id}`;
export const pageTimer = (controller: Controller): string => `page ${controller.id}`;
export const registrationTimer = (controller: Controller): string => `register ${controller.id}`;

const PURPOSES = ["retry", "page", "register"] as const;

/** What a controller's timer is for, and the controller; `undefined` where it is no controller's. */
export function controllerOfTimer(
  { state }: Context,
  timer: string,
): { readonly purpose: (typeof PURPOSES)[number]; readonly controller: Controller } | undefined {
  const [first, id] = timer.split(" ");
  const purpose = PURPOSES.find((one) => one === first);
  if (purpose === undefined || id === undefined || !isControllerId(id)) return undefined;
  const controller = state.controllers.get(id);
  return controller === undefined ? undefined : { purpose, controller };
}

/** The device that carries a controller now, or `undefined`. */
export function deviceOf(controller: Controller): string | undefined {
  const { life } = controller;
  switch (life.at) {
    case "connected":
    case "reconnecting":
    case "disconnecting":
      return life.device;
    case "queued":
    case "probing":
    case "ready":
    case "connecting":
    case "waiting":
    case "given-up":
    case "remembered":
      return undefined;
  }
}

/** Leaves what the present state holds: its turn in the queue, its timer, its device. */
export function release(context: Context, controller: Controller): void {
  const { kernel, queue } = context.state;
  const { life } = controller;
  switch (life.at) {
    case "queued":
      queue.toProbe.delete(controller.id);
      return;
    case "probing":
      queue.probing.delete(controller.id);
      return;
    case "ready":
      queue.ready.delete(controller.id);
      queue.suspects.delete(controller.id);
      return;
    case "connecting":
      queue.inKernel.delete(controller.id);
      return;
    case "given-up":
      return;
    case "waiting":
    case "remembered":
      disarm(context, retryTimer(controller));
      return;
    case "connected":
    case "reconnecting":
    case "disconnecting":
      unbind(kernel, life.device, controller.id);
      return;
  }
}

/** Moves a controller into a state, with the reason. */
export function enterLife(context: Context, controller: Controller, life: Life, why: string): void {
  release(context, controller);
  if ("device" in life) bind(context.state.kernel, life.device, controller.id);
  amendLife(context, controller, life, why);
}

/** Changes what follows a state without leaving it: its turn, timer and device stay. */
export function amendLife(context: Context, controller: Controller, life: Life, why: string): void {
  controller.life = life;
  controller.why = why;
  controller.since = context.ports.clock.now();
  if (controller.service === "staf" && controller.origin === "discovered")
    context.state.mdns.unjudged.add(controller.id);
}

/** Waits for its next attempt. */
export function wait(context: Context, controller: Controller, delay: Milliseconds, why: string): void {
  enterLife(context, controller, { at: "waiting" }, why);
  if (context.state.phase === "running") arm(context, retryTimer(controller), delay);
}

/** How log records and reasons name a controller. */
export function nameOf(controller: Controller): string {
  return formatTransportId(controller.tid);
}
