/**
 * Registers this host with discovery controllers that say they are a CDC or a DDC (TP8010): once per connection, before the
 * page is read. The page waits for the answer, but not for long: a slow or silent controller must not hide what it lists.
 */
import { hostIdFor, hostNqnFor } from "../boot/tables.js";
import { registerHost } from "../codec/dim.js";
import { arm, disarm, log, newRequest, sayOnce, unsay, type Context } from "../state/context.js";
import { advice } from "../domain/advice.js";
import { errnoName } from "../domain/errno.js";
import { isHostPathStatus, statusText } from "../domain/nvme-status.js";
import { parseIp } from "../domain/ip-address.js";
import { formatDuration } from "../domain/units.js";
import { openDecided } from "../kernel/handles.js";
import {
  ADMIN_TIMEOUT,
  REGISTRATION_HEAD_START,
  REGISTRATION_LATER,
  REGISTRATION_RETRY,
  REGISTRATIONS_UNANSWERED_MAX,
} from "../domain/limits.js";
import type { AdminCommand, AdminReplyEvent } from "../ports/fabrics.js";
import type { RequestId } from "../ports/request.js";
import type { HandleId } from "../ports/sysfs.js";
import { auditNow } from "../state/soak.js";
import { abandonRead, readPage } from "./discovery.js";
import { nameOf } from "./life.js";
import { dctypeOf } from "./page-options.js";
import type { DiscoveryControllerState } from "../state/controller.js";

/** A discovery controller is live: registers this host, then reads the page. */
export function greet(context: Context, dc: DiscoveryControllerState, why: string): void {
  dc.lsp = "ask";
  dueAgain(context, dc);
  if (!registerIfDue(context, dc, "waits")) readPage(context, dc, why);
}

/** What the controller is may have become known: then it is greeted as that. */
export function greetIfKnown(context: Context, dc: DiscoveryControllerState): void {
  const isUnread = dc.lsp === "ask" && dc.reading.at === "idle";
  if (!registerIfDue(context, dc, isUnread ? "waits" : "free") && isUnread) readPage(context, dc, "its kind is known");
}

/**
 * Makes the registration due: the connection is new, or the host has another symbolic name. A controller that left several
 * registrations unanswered keeps its long wait: each may cost the connection, because the kernel resets a silent controller.
 */
export function dueAgain(context: Context, dc: DiscoveryControllerState): void {
  const { at, unanswered } = dc.registration;
  if (at === "command" || (at === "retry" && unanswered >= REGISTRATIONS_UNANSWERED_MAX)) return;
  disarm(context, { kind: "register", controller: dc.id });
  dc.registration = { at: "due", unanswered };
}

/** Registers if that is due and known to be possible. Returns false if nothing was sent. */
export function registerIfDue(context: Context, dc: DiscoveryControllerState, page: "waits" | "free"): boolean {
  if (dc.registration.at !== "due" || dc.life.at !== "connected" || dc.tid.transport !== "tcp") return false;
  const dctype = dctypeOf(context.state, dc);
  return (dctype === "cdc" || dctype === "ddc") && send(context, dc, dc.life.device, page);
}

/** The host has another symbolic name. A registration in flight still holds the old one. */
export function registerAnew(context: Context, dc: DiscoveryControllerState): void {
  dueAgain(context, dc);
  registerIfDue(context, dc, "free");
}

/** The connection is lost or left. Drops a reply in flight when it comes. */
export function abandonConversation(context: Context, dc: DiscoveryControllerState): void {
  abandonRead(context, dc);
  const { at, unanswered } = dc.registration;
  if (at !== "command") return;
  disarm(context, { kind: "register", controller: dc.id });
  dc.registration = { at: "due", unanswered };
}

function send(context: Context, dc: DiscoveryControllerState, device: string, page: "waits" | "free"): boolean {
  const { unanswered } = dc.registration;
  const opened = openDecided(context, device, "admin", dc.tid);
  if (!opened.ok) {
    // Otherwise the read of the page fails too, and handles it.
    if (opened.found === "unfit") retryLater(context, dc, unanswered, opened.because);
    return false;
  }
  const request = newRequest(context, { kind: "register", handle: opened.handle, controller: dc.id });
  const symname = context.state.identity?.symname ?? "";
  dc.registration = { at: "command", unanswered, request, page, symname };
  if (page === "waits") arm(context, { kind: "register", controller: dc.id }, REGISTRATION_HEAD_START);
  context.ports.fabrics.admin(request, opened.handle, commandFor(context, dc, symname));
  return true;
}

function commandFor({ state, ports }: Context, dc: DiscoveryControllerState, symname: string): AdminCommand {
  const { hostName, kernel, osName, osVersion } = ports.network.hostInfo();
  const registration = {
    hostNqn: hostNqnFor(state, dc.tid),
    hostId: hostIdFor(state, dc.tid.hostNqn),
    entityName: hostName,
    entityVersion: [kernel, osName, osVersion].filter((part) => part !== "").join(" "),
    symname,
    family: parseIp(dc.tid.traddr)?.family ?? "ipv4",
  } as const;
  return registerHost(registration, ADMIN_TIMEOUT);
}

/** The timer fired: the page has waited long enough, or the next attempt is due. */
export function onRegistrationTimer(context: Context, dc: DiscoveryControllerState): void {
  const { registration } = dc;
  switch (registration.at) {
    case "command":
      if (registration.page === "free") return;
      dc.registration = { ...registration, page: "free" };
      readPage(context, dc, "the registration takes too long");
      return;
    case "retry":
      dc.registration = { at: "due", unanswered: registration.unanswered };
      registerIfDue(context, dc, "free");
      return;
    case "due":
    case "done":
      return;
  }
}

/** A registration was answered or has failed. `dc` is undefined if the controller is gone from the state. */
export function onRegistered(
  context: Context,
  dc: DiscoveryControllerState | undefined,
  handle: HandleId,
  request: RequestId,
  result: AdminReplyEvent["result"],
): void {
  context.ports.sysfs.close(handle);
  if (dc?.registration.at !== "command" || dc.registration.request !== request) return;
  const { page, symname, unanswered } = dc.registration;
  disarm(context, { kind: "register", controller: dc.id });
  if (!result.ok) {
    retryLater(context, dc, unanswered + 1, `${errnoName(result.errno)}: ${advice("command", result.errno)}`);
    auditNow(context);
  } else if (isHostPathStatus(result.status)) {
    retryLater(context, dc, unanswered + 1, statusText(result.status));
  } else {
    dc.registration = { at: symname === (context.state.identity?.symname ?? "") ? "done" : "due", unanswered: 0 };
    reportAnswer(context, dc, result.status);
    registerIfDue(context, dc, "free");
  }
  if (page === "waits") readPage(context, dc, "the connection is live");
}

/** A refusal is an answer too. The next connection may change it. */
function reportAnswer(context: Context, dc: DiscoveryControllerState, status: number): void {
  unsay(context, `unanswered ${dc.id}`);
  if (status === 0) {
    unsay(context, `register ${dc.id}`);
    log(context, "info", "this host is registered", nameOf(dc));
    return;
  }
  const text = `refuses the registration of this host: ${statusText(status)}; staf uses its log page anyway`;
  sayOnce(context, `register ${dc.id}`, "warning", text, nameOf(dc));
}

function retryLater(context: Context, dc: DiscoveryControllerState, unanswered: number, problem: string): void {
  const delay = unanswered < REGISTRATIONS_UNANSWERED_MAX ? REGISTRATION_RETRY : REGISTRATION_LATER;
  dc.registration = { at: "retry", unanswered };
  arm(context, { kind: "register", controller: dc.id }, delay);
  const text = `the registration of this host failed: ${problem}; tried again in ${formatDuration(delay)}`;
  sayOnce(context, `unanswered ${dc.id}`, "warning", text, nameOf(dc));
}
