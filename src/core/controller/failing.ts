/** Handles a failed connect or probe: tries again later, or gives up while there is no way to the subsystem. */
import { noteFailed } from "./connect-queue.js";
import { log, type Context } from "../state/context.js";
import { between, formatDuration, later, type Milliseconds } from "../domain/units.js";
import { FIRST_RETRY, LATER_RETRY, WAKE_HURRY } from "../domain/limits.js";
import { pathMoved } from "../state/soak.js";
import { nameMayHaveMoved } from "../names/resolving.js";
import { enterLife, nameOf, wait } from "./life.js";
import type { Controller, IoControllerState } from "../state/controller.js";

/** When a wake is due, if it is not over; else 3 s after the first failure and right after a wake, 60 s after every other. */
export function retryDelay({ ports }: Context, { failures, wokenAt }: Controller): Milliseconds {
  const now = ports.clock.now();
  if (failures === 1) return FIRST_RETRY;
  if (wokenAt === undefined || now >= later(wokenAt, WAKE_HURRY)) return LATER_RETRY;
  return now < wokenAt ? between(now, wokenAt) : FIRST_RETRY;
}

/** A connect or its probe failed. */
export function failed(context: Context, controller: Controller, problem: string): void {
  controller.failures += 1;
  controller.lastFailure = controller.life.at === "probing" ? "probe" : "connect";
  noteFailed(context, controller);
  if (controller.service === "stac") pathMoved(context);
  if (controller.service === "stac" && isGivenUp(context, controller)) {
    const why = `${problem}; there is no connectivity to it (NCC), and it is not tried again until there is`;
    log(context, "notice", why, nameOf(controller));
    enterLife(context, controller, { at: "given-up" }, why);
    return;
  }
  const delay = retryDelay(context, controller);
  const level = controller.failures === 1 ? "info" : controller.failures === 2 ? "error" : "debug";
  const text = `cannot be connected: ${problem}; tried again in ${formatDuration(delay)}`;
  log(context, level, text, nameOf(controller));
  wait(context, controller, delay, problem);
  nameMayHaveMoved(context, controller);
}

/** Whether stac has tried often enough to reach a controller that no discovery controller can reach. */
function isGivenUp({ state }: Context, { ncc, failures }: IoControllerState): boolean {
  const most = state.stac?.config.connectAttemptsOnNcc ?? 0;
  return ncc && most > 0 && failures >= most;
}
