/** A controller's life: it is looked for in the kernel, connected, lost, connected again, and left. */
import { arm, log, sayOnce, type Context } from "../state/context.js";
import { assert } from "../domain/assertion.js";
import { parseConnectReply } from "../codec/fabrics-options.js";
import { DecodeError } from "../codec/error.js";
import { advice } from "../domain/advice.js";
import { ERRNO, errnoName } from "../domain/errno.js";
import { between, formatDuration } from "../domain/units.js";
import type { Device } from "../state/device.js";
import { addressKey } from "../kernel/match.js";
import { REMOVED_RETRY } from "../domain/limits.js";
import type { DeletedEvent } from "../ports/sysfs.js";
import type { FabricsReplyEvent } from "../ports/fabrics.js";
import type { ProbedEvent } from "../ports/network.js";
import type { RequestId } from "../ports/request.js";
import { enqueue, holdBack, noteAlive, noteFailed, probeAnswered } from "./connect-queue.js";
import { touch } from "../record/saving.js";
import { auditNow, pathMoved, requestReconcile } from "../state/soak.js";
import { startDelete } from "../kernel/deleting.js";
import { refresh } from "../kernel/refresh.js";
import { candidates, fits, isMatch, mayFitLater, otherKind } from "./adoption.js";
import { explainConnect, explainProbe } from "./explain.js";
import { onDeviceAbsent } from "./kernel-options.js";
import { failed, retryDelay } from "./failing.js";
import { abandonConversation, greet, greetIfKnown } from "./registration.js";
import { amendLife, deviceOf, endLife, enterLife, nameOf, wait } from "./life.js";
import type { Controller, Fate } from "../state/controller.js";

/**
 * Looks for a connection that the kernel has already; where there is none, the controller takes
 * its place in the connect queue.
 */
export function seek(context: Context, controller: Controller, why: string): void {
  if (adopt(context, controller)) return;
  if (mayFitLater(context, controller)) holdBack(context, controller);
  else enqueue(context, controller, why);
}

/** Binds a controller to an existing connection that is the one it wants. */
export function adopt(context: Context, controller: Controller): boolean {
  for (const present of candidates(context, controller)) {
    if (adoptPresent(context, controller, present)) return true;
  }
  return false;
}

/** Binds a controller to this connection, where it is the one it wants. */
export function adoptPresent(context: Context, controller: Controller, present: Device): boolean {
  if (!fits(context, controller, present)) return false;
  const device = present.controller.name;
  log(context, "info", `uses the existing connection ${device} (${present.controller.state})`, nameOf(controller));
  controller.connectedWith = undefined;
  arrive(context, controller, present, `${device} is the wanted connection`);
  return true;
}

/** The kernel has the connection: live, or reconnecting by itself. */
function arrive(context: Context, controller: Controller, present: Device, why: string): void {
  const device = present.controller.name;
  if (present.controller.state === "live") becomeLive(context, controller, device, why);
  else enterLife(context, controller, { at: "reconnecting", device }, `${device} is ${present.controller.state}`);
}

function becomeLive(context: Context, controller: Controller, device: string, why: string): void {
  controller.failures = 0;
  noteAlive(context, controller);
  enterLife(context, controller, { at: "connected", device }, why);
  if (controller.service === "stac" && context.state.stac?.renewals === "waiting") requestReconcile(context, "stac");
  if (controller.service === "stac") pathMoved(context);
  if (controller.service === "staf") greet(context, controller, "the connection is live");
}

export function onProbed(
  context: Context,
  controller: Controller,
  request: RequestId,
  result: ProbedEvent["result"],
): void {
  if (controller.life.at !== "probing" || controller.life.request !== request) return;
  if (result.ok) {
    probeAnswered(context, controller);
    return;
  }
  failed(context, controller, explainProbe(context, controller, result.errno));
}

export function onConnectReply(
  context: Context,
  controller: Controller,
  request: RequestId,
  result: FabricsReplyEvent["result"],
): void {
  const { life } = controller;
  assert(life.at === "connecting" && life.request === request, "a controller is connecting until its connect ends");
  if (life.fate.kind === "leave") {
    leaveAfterConnect(context, controller, result, life.fate.disconnect);
    return;
  }
  if (!result.ok) {
    // Somebody else's connection may have become known meanwhile.
    if (adopt(context, controller)) return;
    if (result.errno === ERRNO.ENOENT) onDeviceAbsent(context);
    if (result.errno === ERRNO.EALREADY) {
      takenAlready(context, controller);
      return;
    }
    failed(context, controller, explainConnect(context, controller, result));
    return;
  }
  const device = replyDevice(context, controller, result.text);
  const present = device === undefined ? undefined : refresh(context, device);
  const isOther =
    present?.controller.complete === true && addressKey(present.controller) !== addressKey(controller.tid);
  if (present === undefined || isOther) {
    lost(context, controller, "the connection was lost before it could be used");
    return;
  }
  log(context, "notice", `connected as ${present.controller.name}`, nameOf(controller));
  arrive(context, controller, present, `connected as ${present.controller.name}`);
}

/** Somebody else connects it: the connection is adopted as soon as it is known, where it is the one that is wanted. */
function takenAlready(context: Context, controller: Controller): void {
  controller.failures += 1;
  const why = "the kernel already has this connection";
  const other = otherKind(context, controller);
  if (other === undefined) log(context, "info", why, nameOf(controller));
  else {
    const kind = controller.service === "staf" ? "a discovery" : "an I/O";
    const text = `${why}, but ${other} is not ${kind} controller, so it is not used`;
    sayOnce(context, `taken ${controller.id}`, "warning", text, nameOf(controller));
  }
  wait(context, controller, retryDelay(context, controller), why);
  auditNow(context);
}

/** The device of a connect's reply; `undefined` where the kernel said something else. */
function replyDevice(context: Context, controller: Controller, text: string): string | undefined {
  try {
    return `nvme${String(parseConnectReply(text).instance)}`;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    log(context, "error", `the kernel's reply to a connect cannot be read: ${error.problem}`, nameOf(controller));
    auditNow(context);
    return undefined;
  }
}

/** A connect of a controller that is not wanted any more has ended: what it made is taken down again. */
function leaveAfterConnect(
  context: Context,
  controller: Controller,
  result: FabricsReplyEvent["result"],
  disconnect: boolean,
): void {
  if (!result.ok && isRemembered(context, controller)) {
    // What the earlier run connected may be what stands in the way.
    keepInMind(context, controller, { kind: "leave", disconnect }, controller.why);
    auditNow(context);
    return;
  }
  const device = result.ok ? replyDevice(context, controller, result.text) : undefined;
  if (device === undefined || !disconnect) forget(context, controller);
  else disconnectNow(context, controller, device, controller.why);
}

/** Starts again with fresh attempts: there is connectivity again, or more attempts are allowed. */
export function resume(context: Context, controller: Controller, why: string): void {
  if (controller.life.at !== "given-up") return;
  controller.failures = 0;
  seek(context, controller, why);
}

/** The kernel has the connection no more, and nobody here asked for that. What was read from it is kept. */
export function lost(context: Context, controller: Controller, why: string): void {
  if (controller.service === "staf") abandonConversation(context, controller);
  controller.failures = 0;
  log(context, "notice", `${why}; connected again in ${formatDuration(REMOVED_RETRY)}`, nameOf(controller));
  wait(context, controller, REMOVED_RETRY, why);
}

export function onRetryTimer(context: Context, controller: Controller): void {
  switch (controller.life.at) {
    case "waiting":
      seek(context, controller, `after ${controller.why}`);
      return;
    case "remembered":
      // The kernel never brought it: nothing is left of an I/O controller. A discovery controller's page still counts.
      if (controller.life.fate.kind === "leave" || controller.service === "stac") forget(context, controller);
      return;
    case "queued":
    case "probing":
    case "ready":
    case "connecting":
    case "given-up":
    case "connected":
    case "reconnecting":
    case "disconnecting":
      return;
  }
}

/** The kernel's view of a bound device has changed. */
export function onDeviceChanged(context: Context, controller: Controller, present: Device): void {
  const { life } = controller;
  if (life.at !== "connected" && life.at !== "reconnecting") return;
  if (present.controller.state === "live") {
    // A match that was provisional while the connection was down is judged now.
    if (present.controller.complete && !isMatch(context, controller, present.controller)) {
      lost(context, controller, `${life.device} turned out to be another connection`);
    } else if (life.at === "reconnecting") {
      log(context, "info", `${life.device} is live again`, nameOf(controller));
      becomeLive(context, controller, life.device, `${life.device} is live`);
    } else if (controller.service === "staf") greetIfKnown(context, controller);
    return;
  }
  if (life.at === "connected" && present.controller.state !== "") {
    if (controller.service === "staf") abandonConversation(context, controller);
    const why = `${life.device} is ${present.controller.state}`;
    log(context, "info", why, nameOf(controller));
    noteFailed(context, controller);
    enterLife(context, controller, { at: "reconnecting", device: life.device }, why);
  }
}

/** The device that carried a controller is gone from the kernel. */
export function onDeviceGone(context: Context, controller: Controller, device: string): void {
  switch (controller.life.at) {
    case "connected":
    case "reconnecting":
      lost(context, controller, `the kernel removed ${device}`);
      return;
    case "disconnecting":
    case "queued":
    case "probing":
    case "ready":
    case "connecting":
    case "waiting":
    case "given-up":
    case "remembered":
      return;
  }
}

/** A controller is not wanted any more. What is in flight is waited for: connect and disconnect never swap. */
export function leave(context: Context, controller: Controller, disconnect: boolean, why: string): void {
  const { life } = controller;
  switch (life.at) {
    case "queued":
    case "probing":
    case "ready":
    case "waiting":
    case "given-up":
      if (isRemembered(context, controller)) keepInMind(context, controller, { kind: "leave", disconnect }, why);
      else forget(context, controller);
      return;
    case "remembered":
      if (isRemembered(context, controller))
        amendLife(context, controller, { ...life, fate: { kind: "leave", disconnect } }, why);
      else forget(context, controller);
      return;
    case "connecting":
      amendLife(context, controller, { ...life, fate: { kind: "leave", disconnect } }, why);
      return;
    case "disconnecting":
      amendLife(context, controller, { ...life, next: "forget" }, why);
      return;
    case "connected":
    case "reconnecting":
      if (controller.service === "staf") abandonConversation(context, controller);
      if (disconnect && !isShared(context, controller)) disconnectNow(context, controller, life.device, why);
      else forget(context, controller);
      return;
  }
}

/** Whether a connect of an earlier run may still come out of the kernel. */
function isRemembered({ ports }: Context, { rememberedUntil }: Controller): boolean {
  return rememberedUntil !== undefined && ports.clock.now() < rememberedUntil;
}

/** Keeps what an earlier run recorded in mind until nothing of it can come out of the kernel any more. */
export function keepInMind(context: Context, controller: Controller, fate: Fate, why: string): void {
  const now = context.ports.clock.now();
  const until = controller.rememberedUntil ?? now;
  enterLife(context, controller, { at: "remembered", fate }, why);
  if (context.state.phase === "running")
    arm(context, { kind: "retry", controller: controller.id }, between(now, until));
}

/** Wanted after all: an operation that was to end a controller ends in a connection instead. */
export function stay(context: Context, controller: Controller, why: string): void {
  const { life } = controller;
  switch (life.at) {
    case "connecting":
      if (life.fate.kind === "leave") amendLife(context, controller, { ...life, fate: { kind: "keep" } }, why);
      return;
    case "disconnecting":
      if (life.next === "forget") amendLife(context, controller, { ...life, next: "connect-again" }, why);
      return;
    case "remembered":
      seek(context, controller, why);
      return;
    case "queued":
    case "probing":
    case "ready":
    case "waiting":
    case "given-up":
    case "connected":
    case "reconnecting":
      return;
  }
}

function isShared({ state }: Context, controller: Controller): boolean {
  const device = deviceOf(controller);
  return device !== undefined && (state.kernel.byName.get(device)?.bound.size ?? 0) > 1;
}

/** Takes its connection down and makes another one. */
export function renew(context: Context, controller: Controller, device: string, why: string): void {
  if (controller.service === "staf") abandonConversation(context, controller);
  disconnectNow(context, controller, device, why, "connect-again");
}

function disconnectNow(
  context: Context,
  controller: Controller,
  device: string,
  why: string,
  next: "forget" | "connect-again" = "forget",
): void {
  log(context, "notice", `disconnecting ${device}: ${why}`, nameOf(controller));
  const started = startDelete(context, device, controller.tid, controller.id);
  switch (started.kind) {
    case "started":
      enterLife(context, controller, { at: "disconnecting", request: started.request, device, next }, why);
      return;
    case "gone":
      if (next === "forget") forget(context, controller);
      else lost(context, controller, `${device} was gone already`);
      return;
    case "failed":
      notDeleted(context, controller, device, started.because);
      return;
  }
}

/** The connection is still there, so the controller stays; the next reconcile tries again. */
function notDeleted(context: Context, controller: Controller, device: string, because: string): void {
  const problem = `${device} could not be deleted: ${because}`;
  sayOnce(context, `delete ${controller.id}`, "error", problem, nameOf(controller));
  enterLife(context, controller, { at: "reconnecting", device }, problem);
  requestReconcile(context, controller.service);
  auditNow(context);
}

export function onDeleted(
  context: Context,
  controller: Controller,
  request: RequestId,
  result: DeletedEvent["result"],
): void {
  const { life } = controller;
  assert(
    life.at === "disconnecting" && life.request === request,
    "a controller is disconnecting until its delete ends",
  );
  if (!result.ok && result.errno !== ERRNO.ENODEV && result.errno !== ERRNO.ENOENT) {
    const { errno } = result;
    notDeleted(context, controller, life.device, `${errnoName(errno)} from the kernel: ${advice("delete", errno)}`);
    return;
  }
  // Not sought: the index may still show what was just deleted.
  if (life.next === "connect-again") enqueue(context, controller, "wanted again while it was disconnected");
  else forget(context, controller);
}

/** Takes a controller out of the state. */
export function forget(context: Context, controller: Controller): void {
  endLife(context, controller);
  if (controller.service === "staf") abandonConversation(context, controller);
  touch(context, controller.service);
  if (controller.service === "stac") return;
  context.ports.bus.emit("staf", "dc_removed", []);
  requestReconcile(context, "stac");
}
