/** Returns the connection that a discovery log page entry or a line of configuration asks for. */
import { transportIdOf } from "../config/controller-entry.js";
import type { ControllerEntry } from "../config/types.js";
import type { ServiceName } from "../ports/bus.js";
import { fitsOption } from "../codec/fabrics-options.js";
import type { DiscoveryLogEntry } from "../domain/discovery-log.js";
import { isHostName } from "../domain/host-name.js";
import { canonicalAddress, isUnspecified, parseIp } from "../domain/ip-address.js";
import { WELL_KNOWN_DISCOVERY_NQN, type TransportId } from "../domain/transport-id.js";

/**
 * The transport id of an entry. Host address, interface and NQN are those of the discovery controller
 * that lists it. loop and fc get no trsvcid, regardless of the entry (mostly `none`): the kernel accepts none for them.
 * `undefined` if `whyUnusable` gives a reason.
 */
export function entryTransportId(
  entry: DiscoveryLogEntry,
  dc: TransportId,
  ignoreIface: boolean,
): TransportId | undefined {
  if (typeof entry.trtype === "number" || whyUnusable(entry) !== undefined) return undefined;
  return {
    transport: entry.trtype,
    traddr: canonicalAddress(entry.trtype, entry.traddr),
    trsvcid: entry.trtype === "tcp" || entry.trtype === "rdma" ? entry.trsvcid : "",
    subsysnqn: entry.subtype === "referral" && entry.subnqn === "" ? WELL_KNOWN_DISCOVERY_NQN : entry.subnqn,
    hostTraddr: dc.hostTraddr,
    hostIface: ignoreIface ? "" : dc.hostIface,
    hostNqn: dc.hostNqn,
  };
}

/** Why an entry cannot be connected. `undefined` if it can. */
export function whyUnusable(entry: DiscoveryLogEntry): string | undefined {
  if (typeof entry.trtype === "number") return `hosts do not connect over its transport type ${String(entry.trtype)}`;
  const needsAddress = entry.trtype !== "loop";
  if ((needsAddress && entry.traddr === "") || isUnspecified(entry.traddr)) return "it gives no address";
  if ((entry.trtype === "tcp" || entry.trtype === "rdma") && entry.trsvcid === "") return "it gives no port";
  if (entry.subtype === "nvme" && entry.subnqn === "") return "it gives no subsystem NQN";
  if (![entry.traddr, entry.trsvcid, entry.subnqn].every(fits))
    return "it has characters that a connect string cannot hold";
  return undefined;
}

function fits(text: string): boolean {
  return text === "" || fitsOption(text);
}

/** The connection that a `controller` line asks for, perhaps with a host name as its address, or why the line is not usable. */
export function wantedTransportId(
  entry: ControllerEntry,
  service: ServiceName,
  ignoreIface: boolean,
): { readonly ok: true; readonly tid: TransportId } | { readonly ok: false; readonly because: string } {
  const tid = transportIdOf(entry, { service, ignoreIface });
  if ("missing" in tid) return { ok: false, because: `it gives no ${tid.missing}` };
  if (![tid.traddr, tid.trsvcid, tid.subsysnqn, tid.hostTraddr, tid.hostIface, tid.hostNqn].every(fits)) {
    return { ok: false, because: "it has characters that a connect string cannot hold" };
  }
  const byIp = tid.transport === "tcp" || tid.transport === "rdma";
  if (byIp && parseIp(tid.traddr) === undefined && !isHostName(tid.traddr))
    return { ok: false, because: "its traddr is neither an address nor a host name" };
  return { ok: true, tid };
}
