/** Where a uevent enters: decoded, entered into the index, and told to the controllers it concerns. */
import { DecodeError } from "../codec/error.js";
import { decodeUevent, isNvmeUevent, type Uevent } from "../codec/uevent.js";
import { log, sayOnce, type Context } from "../state/context.js";
import { readPage } from "../controller/discovery.js";
import { greet } from "../controller/registration.js";
import { isDying } from "../controller/adoption.js";
import { adoptPresent, leave, onDeviceChanged, onDeviceGone } from "../controller/machine.js";
import type { Controller } from "../state/controller.js";
import { isStray, remove, sameSummary } from "../kernel/index.js";
import type { Present } from "../state/kernel-index.js";
import { refresh } from "../kernel/refresh.js";
import { auditLater, requestReconcile } from "../state/soak.js";
import { dropForeign, foreignNews, handOn } from "./hand-on.js";

/** The AEN of a discovery log page change: notice (2), discovery log change (0xf0), LID 0x70. */
const DISCOVERY_LOG_CHANGED = "0x70f002";

/** In an event that somebody asked for (`udevadm trigger`), which says nothing new: the device may be as old as the host. */
const SYNTHETIC = "SYNTH_UUID";

/** `nvme0`: the controllers' own device names; others (nvme0n1, ng0n1) are not theirs. */
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
      `a kernel uevent cannot be read (${error.problem}): the kernel's controllers are listed anew`,
    );
    audit(context);
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
      // Sent before the TCP connect: attributes may fill in late, and identity only with them.
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
      if (isAen || event === "connected" || event === "rediscover") pageIsStale(context, name, event ?? "AEN");
      if (isAen || event === "rediscover") foreignNews(context, name, uevent.properties);
      return;
    }
  }
}

/** Either of them marks the page of a managed discovery controller stale. */
function pageIsStale(context: Context, name: string, why: string): void {
  for (const controller of boundTo(context, name)) {
    if (controller.service !== "staf") continue;
    // The kernel has connected it anew (6.12-cloud.s4.log), also where nobody saw that it was away.
    if (why === "rediscover") greet(context, controller, why);
    else readPage(context, controller, why);
  }
}

/** The controllers a device carries, as they are now: what follows may change the set. */
function boundTo({ state }: Context, name: string): readonly Controller[] {
  const found: Controller[] = [];
  for (const id of state.kernel.byName.get(name)?.bound ?? []) {
    const controller = state.controllers.get(id);
    if (controller !== undefined) found.push(controller);
  }
  return found;
}

/** Reads a controller anew and tells those whom it concerns. One that is live and nobody's may be one too many. */
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

/** A uevent `remove` may come late, when its number stands for another controller: what sysfs shows counts. */
function deviceRemoved(context: Context, name: string): void {
  const present = refresh(context, name);
  if (present === undefined || isDying(present.controller)) deviceGone(context, name);
  else deviceKnown(context, present);
}

/** What a device is or how it stands has become known. */
export function deviceKnown(context: Context, present: Present): void {
  const { name } = present.controller;
  for (const controller of boundTo(context, name)) onDeviceChanged(context, controller, present);
  if (present.controller.complete) offer(context, present);
  handOn(context, name);
}

/** Offers a connection to the controllers that look for one at its place and have none. */
function offer(context: Context, present: Present): void {
  const { byPlace, controllers } = context.state;
  for (const place of present.places) {
    for (const id of byPlace.get(place) ?? []) {
      const controller = controllers.get(id);
      if (controller !== undefined) offerTo(context, controller, present);
    }
  }
}

function offerTo(context: Context, controller: Controller, present: Present): void {
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
  dropForeign(context, name);
  for (const controller of bound) onDeviceGone(context, controller, name);
}

/** What was added and not filled in is read again. */
export function onAddTimer(context: Context): void {
  for (const [name, present] of [...context.state.kernel.byName]) {
    if (!present.controller.complete) deviceSeen(context, name);
  }
}

/** Compares the kernel's listing with the index, and makes up for every event that was lost. */
export function audit(context: Context): void {
  const { kernel } = context.state;
  const listed = new Set<string>();
  for (const summary of context.ports.sysfs.list()) {
    listed.add(summary.name);
    const present = kernel.byName.get(summary.name);
    if (present !== undefined) {
      const clear = present.kind !== "unknown" && present.controller.complete;
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
    log(context, "info", `${name} is gone, and no uevent said so`);
    deviceGone(context, name);
  }
}

/** Whether a name still stands for the subsystem it stood for: numbers are reused. */
function sameConnection(present: Present, subsysnqn: string): boolean {
  return !present.controller.complete || present.controller.subsysnqn === subsysnqn.trim();
}
