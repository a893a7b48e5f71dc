/** The one place where a controller begins, changes its state and ends. */
import { arm, disarm, type Context } from "../state/context.js";
import { assert } from "../domain/assertion.js";
import type { Milliseconds } from "../domain/units.js";
import { formatTransportId, transportIdKey } from "../domain/transport-id.js";
import { addTo, bind, removeFrom, unbind } from "../kernel/device-index.js";
import { assertLifeStep, controllerKey, lineOf, type Controller, type Life } from "../state/controller.js";
import { placeOf } from "./adoption.js";

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

/** Enters a new controller into the state: it is found by its key, by its place and by where it stands. */
export function beginLife({ state }: Context, controller: Controller): void {
  const { id, service, tid } = controller;
  assert(!state.controllers.has(id), "a controller begins once");
  state.controllers.set(id, controller);
  state.byKey.set(controllerKey(service, transportIdKey(tid)), id);
  addTo(state.byPlace, placeOf(controller), id);
  state.lines[lineOf(controller.life)].add(id);
}

/** Takes a controller out of the state. */
export function endLife(context: Context, controller: Controller): void {
  const { state } = context;
  const { id, service, tid } = controller;
  release(context, controller);
  leaveLine(context, controller);
  state.controllers.delete(id);
  state.mdns.unjudged.add(id);
  state.byKey.delete(controllerKey(service, transportIdKey(tid)));
  removeFrom(state.byPlace, placeOf(controller), id);
}

/** Leaves what the present state holds: its timer, or its device. */
function release(context: Context, controller: Controller): void {
  const { life, id } = controller;
  switch (life.at) {
    case "queued":
    case "probing":
    case "ready":
    case "connecting":
    case "given-up":
      return;
    case "waiting":
    case "remembered":
      disarm(context, { kind: "retry", controller: id });
      return;
    case "connected":
    case "reconnecting":
    case "disconnecting":
      unbind(context.state.kernel, life.device, id);
      return;
  }
}

function leaveLine({ state }: Context, { life, id }: Controller): void {
  assert(state.lines[lineOf(life)].delete(id), "a controller stands in the line of its state");
}

/** Moves a controller into a state, with the reason. */
export function enterLife(context: Context, controller: Controller, life: Life, why: string): void {
  const { kernel } = context.state;
  assertLifeStep(controller.life.at, life.at);
  assert(life.at !== "connected" || kernel.byName.has(life.device), "what is connected is a device of the index");
  release(context, controller);
  leaveLine(context, controller);
  context.state.lines[lineOf(life)].add(controller.id);
  if ("device" in life) bind(kernel, life.device, controller.id);
  setLife(context, controller, life, why);
}

/** Changes what follows a state without leaving it: its place in line, timer and device stay. */
export function amendLife(context: Context, controller: Controller, life: Life, why: string): void {
  assert(lineOf(life) === lineOf(controller.life), "an amended state is the same state");
  setLife(context, controller, life, why);
}

function setLife(context: Context, controller: Controller, life: Life, why: string): void {
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
