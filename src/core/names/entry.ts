/** From an entry of a discovery log page, or a line of configuration, to the connection it asks for. */
import { transportIdOf } from "../config/controller-entry.js";
import type { ControllerEntry } from "../config/types.js";
import type { ServiceName } from "../ports/bus.js";
import { fitsOption } from "../codec/fabrics-options.js";
import type { DiscoveryLogEntry } from "../domain/discovery-log.js";
import { isHostName } from "../domain/host-name.js";
import { canonicalAddress, isUnspecified, parseIp } from "../domain/ip-address.js";
import { WELL_KNOWN_DISCOVERY_NQN, type TransportId } from "../domain/transport-id.js";

/**
 * The transport id of an entry; host address, interface and NQN are those of the discovery controller
 * that lists it. Loop and fc have no services, whatever the entry says (`none`, mostly): the kernel takes none with them.
 * `undefined` where `whyUnusable` gives a reason.
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

/** Why nothing can be connected from an entry; `undefined` where something can. */
export function whyUnusable(entry: DiscoveryLogEntry): string | undefined {
  if (typeof entry.trtype === "number")
    return `its transport type ${String(entry.trtype)} is none that hosts connect over`;
  const needsAddress = entry.trtype !== "loop";
  if ((needsAddress && entry.traddr === "") || isUnspecified(entry.traddr)) return "it gives no address";
  if ((entry.trtype === "tcp" || entry.trtype === "rdma") && entry.trsvcid === "") return "it gives no port";
  if (entry.subtype === "nvme" && entry.subnqn === "") return "it gives no subsystem NQN";
  if (![entry.traddr, entry.trsvcid, entry.subnqn].every(fits))
    return "it holds characters that no connect string can hold";
  return undefined;
}

function fits(text: string): boolean {
  return text === "" || fitsOption(text);
}

/** The connection that a `controller` line asks for, perhaps with a host name for its address, or why it can ask for none. */
export function wantedTransportId(
  entry: ControllerEntry,
  service: ServiceName,
  ignoreIface: boolean,
): { readonly ok: true; readonly tid: TransportId } | { readonly ok: false; readonly because: string } {
  const tid = transportIdOf(entry, { service, ignoreIface });
  if ("missing" in tid) return { ok: false, because: `it gives no ${tid.missing}` };
  if (![tid.traddr, tid.trsvcid, tid.subsysnqn, tid.hostTraddr, tid.hostIface, tid.hostNqn].every(fits)) {
    return { ok: false, because: "it holds characters that no connect string can hold" };
  }
  const byIp = tid.transport === "tcp" || tid.transport === "rdma";
  if (byIp && parseIp(tid.traddr) === undefined && !isHostName(tid.traddr))
    return { ok: false, because: "its traddr is neither an address nor a host name" };
  return { ok: true, tid };
}
