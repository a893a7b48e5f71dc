/** What every part of the core works on: the ports, the state, and the few verbs that touch both. */
import { later, type Milliseconds } from "../domain/units.js";
import { SAID_MAX } from "../domain/limits.js";
import type { LogLevel } from "../ports/log.js";
import type { Ports } from "../ports/index.js";
import { RequestId } from "../ports/request.js";
import type { CoreState, Pending } from "./state.js";

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

export function arm({ ports, state }: Context, timer: string, delay: Milliseconds): void {
  state.timers.set(timer, later(ports.clock.now(), delay));
  ports.clock.arm(timer, delay);
}

/** Arms a timer unless it is armed to fire earlier: a stream of requests cannot postpone it. */
export function armNoLater(context: Context, timer: string, delay: Milliseconds): void {
  const armed = context.state.timers.get(timer);
  if (armed === undefined || armed > later(context.ports.clock.now(), delay)) arm(context, timer, delay);
}

export function disarm({ ports, state }: Context, timer: string): void {
  if (state.timers.delete(timer)) ports.clock.disarm(timer);
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
