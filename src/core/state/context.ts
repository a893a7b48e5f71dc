/** What every part of the core works on: the ports, the state, and the few verbs that touch both. */
import { assert } from "../domain/assertion.js";
import { between, later, type Milliseconds } from "../domain/units.js";
import { SAID_MAX } from "../domain/limits.js";
import type { LogLevel } from "../ports/log.js";
import type { Ports } from "../ports/index.js";
import { RequestId } from "../ports/request.js";
import type { CoreState, Pending } from "./state.js";
import { dueOf, timerId, type Timer } from "./timers.js";

export interface Context {
  readonly ports: Ports;
  readonly state: CoreState;
}

/** Takes a request number for a call that is about to be made. */
export function newRequest({ state }: Context, pending: Pending): RequestId {
  const request = RequestId(state.nextRequest);
  state.nextRequest += 1;
  state.requests.set(request, pending);
  return request;
}

/** Arms a timer to fire after `delay`, which is not negative. An armed one is replaced. */
export function arm({ ports, state }: Context, timer: Timer, delay: Milliseconds): void {
  assert(delay >= 0 && Number.isSafeInteger(delay), "a timer is armed for a whole number of milliseconds from now");
  const id = timerId(timer);
  state.timers.set(id, { timer, due: later(ports.clock.now(), delay) });
  ports.clock.arm(id, delay);
}

/** Arms a timer unless it is armed to fire earlier: a stream of requests cannot postpone it. */
export function armNoLater(context: Context, timer: Timer, delay: Milliseconds): void {
  const due = dueOf(context.state, timer);
  if (due === undefined || due > later(context.ports.clock.now(), delay)) arm(context, timer, delay);
}

/** Arms a timer for a reading of the clock, or for now where that is past; disarms it where `due` is undefined. */
export function armAt(context: Context, timer: Timer, due: Milliseconds | undefined): void {
  if (due === undefined) disarm(context, timer);
  else if (dueOf(context.state, timer) !== due) arm(context, timer, between(context.ports.clock.now(), due));
}

/** Disarms a timer; without effect where it is not armed. */
export function disarm({ ports, state }: Context, timer: Timer): void {
  const id = timerId(timer);
  if (state.timers.delete(id)) ports.clock.disarm(id);
}

export function log({ ports }: Context, level: LogLevel, text: string, controller?: string): void {
  ports.log.write(controller === undefined ? { level, text } : { level, text, controller });
}

/** Says something once: not again until `unsay` takes the mark away. */
export function sayOnce(context: Context, mark: string, level: LogLevel, text: string, controller?: string): void {
  const { said } = context.state;
  if (said.has(mark)) return;
  if (said.size >= SAID_MAX) said.clear();
  said.add(mark);
  log(context, level, text, controller);
}

export function unsay({ state }: Context, mark: string): void {
  state.said.delete(mark);
}
