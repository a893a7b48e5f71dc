/** The one place where a controller changes its state. */
import { arm, disarm, type Context } from "../state/context.js";
import type { Milliseconds } from "../domain/units.js";
import { formatTransportId } from "../domain/transport-id.js";
import { bind, unbind } from "../kernel/index.js";
import type { Controller, Life } from "../state/controller.js";

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
      disarm(context, { kind: "retry", controller: controller.id });
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
  if (context.state.phase === "running") arm(context, { kind: "retry", controller: controller.id }, delay);
}

/** How log records and reasons name a controller. */
export function nameOf(controller: Controller): string {
  return formatTransportId(controller.tid);
}
