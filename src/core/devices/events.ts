/** Decodes uevents, enters them into the index, and tells the controllers they concern. */
import { DecodeError } from "../codec/error.js";
import { decodeUevent, isNvmeUevent, type Uevent } from "../codec/uevent.js";
import { log, sayOnce, type Context } from "../state/context.js";
import { readPage } from "../controller/discovery.js";
import { doubtPages, notePageNews } from "../controller/page-news.js";
import { greet } from "../controller/registration.js";
import { isDying } from "../controller/adoption.js";
import { adoptPresent, leave, onDeviceChanged, onDeviceGone } from "../controller/machine.js";
import { standingOf, type Controller } from "../state/controller.js";
import { atPlace, isStray, remove, sameSummary } from "../kernel/device-index.js";
import type { Device } from "../state/device.js";
import { lacksAnswer, refresh } from "../kernel/refresh.js";
import { auditLater, requestReconcile } from "../state/soak.js";
import { dropHandOn, noteNews, handOn } from "./hand-on.js";

/** The AEN of a discovery log page change: notice (2), discovery log change (0xf0), LID 0x70. */
const DISCOVERY_LOG_CHANGED = "0x70f002";

/** Marks an event that `udevadm trigger` requested. It says nothing new: the device may be as old as the host. */
const SYNTHETIC = "SYNTH_UUID";

/** The device name of a controller, such as `nvme0`. nvme0n1 and ng0n1 are not controllers. */
const CONTROLLER_NAME = /^nvme\d+$/u;

export function onUevent(context: Context, message: Uint8Array): void {
  if (!isNvmeUevent(message)) return;
  let uevent: Uevent;
  try {
    uevent = decodeUevent(message);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    sayOnce(
      context,
      "uevent",
      "warning",
      `a kernel uevent cannot be read (${error.problem}): listing the kernel's controllers again, and looking at every log page`,
    );
    onLoss(context, "a kernel uevent cannot be read");
    return;
  }
  const name = uevent.properties.get("DEVNAME") ?? "";
  if (!CONTROLLER_NAME.test(name)) return;
  switch (uevent.action) {
    case "add":
      if (uevent.properties.has(SYNTHETIC)) {
        deviceSeen(context, name);
        return;
      }
      // The kernel sends it before the TCP connect: the attributes, and with them the identity, may fill in late.
      deviceGone(context, name);
      deviceSeen(context, name);
      return;
    case "remove":
      deviceRemoved(context, name);
      return;
    default: {
      deviceSeen(context, name);
      const event = uevent.properties.get("NVME_EVENT");
      const isAen = uevent.properties.get("NVME_AEN") === DISCOVERY_LOG_CHANGED;
      if (isAen) pageIsStale(context, name, "has-changed", "AEN");
      else if (event === "connected" || event === "rediscover") pageIsStale(context, name, "may-have-changed", event);
      if (isAen || event === "rediscover") noteNews(context, name, uevent.properties);
      return;
    }
  }
}

/** The page of a managed discovery controller has or may have changed. */
function pageIsStale(context: Context, name: string, news: "has-changed" | "may-have-changed", why: string): void {
  for (const controller of boundTo(context, name)) {
    if (controller.service !== "staf") continue;
    notePageNews(context, controller, news, why);
    // The kernel has reconnected it (6.12-cloud.s4.log). No event need have said that it was away.
    if (why === "rediscover") greet(context, controller, why);
    else readPage(context, controller, why);
  }
}

/** The controllers bound to a device, copied because the caller may change the set. */
function boundTo({ state }: Context, name: string): readonly Controller[] {
  const found: Controller[] = [];
  for (const id of state.kernel.byName.get(name)?.bound ?? []) {
    const controller = state.controllers.get(id);
    if (controller !== undefined) found.push(controller);
  }
  return found;
}

/** Reads a device again and tells the controllers it concerns. A new stray may have to go, so stac reconciles. */
export function deviceSeen(context: Context, name: string): void {
  const before = context.state.kernel.byName.get(name);
  const wasStray = before !== undefined && isStray(before);
  const present = refresh(context, name);
  if (present === undefined) {
    deviceGone(context, name);
    return;
  }
  deviceKnown(context, present);
  if (isStray(present) && !wasStray) requestReconcile(context, "stac");
}

/** A `remove` may come late, when its number belongs to another controller. sysfs decides. */
function deviceRemoved(context: Context, name: string): void {
  const present = refresh(context, name);
  if (present === undefined || isDying(present.controller)) deviceGone(context, name);
  else deviceKnown(context, present);
}

/** The kind or the state of a device has become known. */
export function deviceKnown(context: Context, present: Device): void {
  const { name } = present.controller;
  for (const controller of boundTo(context, name)) onDeviceChanged(context, controller, present);
  if (present.controller.complete) offer(context, present);
  handOn(context, name);
}

/**
 * Offers a connection to the controllers at its place that have none. What is wanted comes first: a controller that leaves takes
 * down only what no other uses.
 */
function offer(context: Context, present: Device): void {
  const { byPlace, controllers } = context.state;
  const leaving: Controller[] = [];
  for (const place of present.places) {
    for (const id of byPlace.get(place) ?? []) {
      const controller = controllers.get(id);
      if (controller === undefined) continue;
      if (standingOf(controller) === "leaving") leaving.push(controller);
      else offerTo(context, controller, present);
    }
  }
  for (const controller of leaving) if (present.bound.size === 0) offerTo(context, controller, present);
}

/** A connect of ours to this place has ended: whose the connections there are is clear now. */
export function connectEnded(context: Context, place: string): void {
  for (const present of atPlace(context.state.kernel, place)) if (present.controller.complete) offer(context, present);
}

function offerTo(context: Context, controller: Controller, present: Device): void {
  const { life } = controller;
  switch (life.at) {
    case "queued":
    case "probing":
    case "ready":
    case "waiting":
    case "given-up":
      adoptPresent(context, controller, present);
      return;
    case "remembered":
      if (adoptPresent(context, controller, present) && life.fate.kind === "leave") {
        leave(context, controller, life.fate.disconnect, controller.why);
      }
      return;
    case "connecting":
    case "connected":
    case "reconnecting":
    case "disconnecting":
      return;
  }
}

function deviceGone(context: Context, name: string): void {
  const bound = boundTo(context, name);
  remove(context.state.kernel, name);
  dropHandOn(context, name);
  for (const controller of bound) onDeviceGone(context, controller, name);
}

/** Reads again the devices whose attributes are incomplete. */
export function onAddTimer(context: Context): void {
  for (const [name, present] of [...context.state.kernel.byName]) {
    if (!present.controller.complete) deviceSeen(context, name);
  }
}

/** The kernel dropped uevents before they were read. */
export function onOverflow(context: Context): void {
  const text = "kernel uevents were lost: listing the kernel's controllers again, and looking at every log page";
  log(context, "warning", text);
  onLoss(context, "kernel uevents were lost");
}

/** Uevents are lost. sysfs shows which controllers there are, but no AEN. */
function onLoss(context: Context, because: string): void {
  audit(context);
  doubtPages(context, because);
}

/** Compares sysfs with the index, and makes up for lost uevents of controllers. */
export function audit(context: Context): void {
  const { kernel } = context.state;
  const listed = new Set<string>();
  for (const summary of context.ports.sysfs.list()) {
    listed.add(summary.name);
    const present = kernel.byName.get(summary.name);
    if (present !== undefined) {
      const clear = !lacksAnswer(present) && present.controller.complete;
      if (clear && sameSummary(present.summary, summary)) continue;
      if (!sameConnection(present, summary.subsysnqn)) deviceGone(context, summary.name);
    }
    deviceSeen(context, summary.name);
  }
  if (kernel.byName.size > listed.size) dropUnlisted(context, listed);
  auditLater(context);
}

function dropUnlisted(context: Context, listed: ReadonlySet<string>): void {
  for (const name of [...context.state.kernel.byName.keys()]) {
    if (listed.has(name)) continue;
    log(context, "info", `${name} is gone, but no uevent said so`);
    deviceGone(context, name);
  }
}

/** Whether a name still stands for the same subsystem. The kernel reuses numbers. */
function sameConnection(present: Device, subsysnqn: string): boolean {
  return !present.controller.complete || present.controller.subsysnqn === subsysnqn.trim();
}
