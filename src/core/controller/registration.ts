/**
 * Registration with discovery controllers (TP8010): one that says it is a CDC or a DDC is told who this host is, once a connection,
 * before its page is read. One that does not answer that keeps nobody from its page: from then on the page goes first.
 */
import { hostIdFor } from "../boot.js";
import { registerHost } from "../codec/dim.js";
import { log, sayOnce, unsay, type Context } from "../context.js";
import { errnoName } from "../domain/errno.js";
import { parseIp } from "../domain/ip-address.js";
import { ADMIN_TIMEOUT, REGISTRATIONS_UNANSWERED_MAX } from "../limits.js";
import type { AdminCommand } from "../ports/fabrics.js";
import type { CoreState } from "../state.js";
import { nameOf } from "./life.js";
import type { DiscoveryControllerState } from "./types.js";

/** Whether a discovery controller says that it takes registrations, over the one transport that has them. */
export function takesRegistration({ state }: Context, dc: DiscoveryControllerState): boolean {
  const dctype = dctypeOf(state, dc);
  return dc.tid.transport === "tcp" && (dctype === "cdc" || dctype === "ddc");
}

/** `cdc`, `ddc`, `none`; empty while that is not known. */
export function dctypeOf({ kernel }: CoreState, dc: DiscoveryControllerState): string {
  const present = dc.life.at === "connected" ? kernel.byName.get(dc.life.device) : undefined;
  return present?.controller.dctype || (present?.identifiedDctype ?? "");
}

export function registrationCommand({ state, ports }: Context, dc: DiscoveryControllerState): AdminCommand {
  const { hostNqn = "", symname = "" } = state.identity ?? {};
  const { hostName, kernel, osName, osVersion } = ports.network.hostInfo();
  const registration = {
    hostNqn: dc.tid.hostNqn === "" ? hostNqn : dc.tid.hostNqn,
    hostId: hostIdFor(state, dc.tid.hostNqn),
    entityName: hostName,
    entityVersion: [kernel, osName, osVersion].filter((part) => part !== "").join(" "),
    symname,
    family: parseIp(dc.tid.traddr)?.family ?? "ipv4",
  } as const;
  return registerHost(registration, ADMIN_TIMEOUT);
}

/** It was answered: taken, or refused, which the next connection may change. */
export function registrationAnswered(
  context: Context,
  dc: DiscoveryControllerState,
  symname: string,
  status: number,
): void {
  const isCurrent = symname === (context.state.identity?.symname ?? "");
  dc.registration = isCurrent ? { at: "done" } : { at: "due" };
  if (status === 0) {
    unsay(context, `register ${dc.id}`);
    log(context, "debug", "this host is registered", nameOf(dc));
    return;
  }
  const text = `it refuses the registration of this host (NVMe status 0x${status.toString(16)}): what it lists is used all the same`;
  sayOnce(context, `register ${dc.id}`, "warning", text, nameOf(dc));
}

/** No answer came. */
export function registrationUnanswered(context: Context, dc: DiscoveryControllerState, errno: number): void {
  const times = dc.registration.at === "unanswered" ? dc.registration.times + 1 : 1;
  const givenUp = times >= REGISTRATIONS_UNANSWERED_MAX;
  dc.registration = givenUp ? { at: "done" } : { at: "unanswered", times };
  const next = givenUp ? "it is not registered" : "it is sent again, behind the log page";
  const text = `the registration of this host is not answered (${errnoName(errno)}): ${next}`;
  log(context, givenUp ? "error" : "info", text, nameOf(dc));
}
