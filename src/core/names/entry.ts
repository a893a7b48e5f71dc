/** Returns the connection that a discovery log page entry or a line of configuration asks for. */
import { transportIdOf } from "../config/controller-entry.js";
import type { ControllerEntry } from "../config/types.js";
import type { ServiceName } from "../ports/bus.js";
import { fitsOption } from "../codec/fabrics-options.js";
import type { DiscoveryLogEntry } from "../domain/discovery-log.js";
import { isHostName } from "../domain/host-name.js";
import { asAccepted, zoneOf } from "../domain/host-way.js";
import { canonicalAddress, formatIp, isLinkLocal, isUnspecified, parseIp } from "../domain/ip-address.js";
import { WELL_KNOWN_DISCOVERY_NQN, type TransportId } from "../domain/transport-id.js";

/**
 * The transport id of an entry. The host NQN is that of the discovery controller that lists it. So are the host's address and
 * interface if the transport is the same. loop and fc get no trsvcid, regardless of the entry (mostly `none`): the kernel
 * accepts none for them. `undefined` if `whyUnusable` gives a reason.
 */
export function entryTransportId(
  entry: DiscoveryLogEntry,
  dc: TransportId,
  ignoreIface: boolean,
): TransportId | undefined {
  if (typeof entry.trtype === "number" || whyUnusable(entry, dc) !== undefined) return undefined;
  const traddr = canonicalAddress(entry.trtype, withoutZone(entry.traddr));
  const isSame = entry.trtype === dc.transport;
  const tid: TransportId = {
    transport: entry.trtype,
    traddr,
    trsvcid: entry.trtype === "tcp" || entry.trtype === "rdma" ? entry.trsvcid : "",
    subsysnqn: entry.subtype === "referral" && entry.subnqn === "" ? WELL_KNOWN_DISCOVERY_NQN : entry.subnqn,
    hostTraddr: isSame && isSameFamily(dc.hostTraddr, traddr) ? dc.hostTraddr : "",
    hostIface: isLinkLocal(traddr) ? interfaceFor(entry, dc) : isSame ? dc.hostIface : "",
    hostNqn: dc.hostNqn,
  };
  return asAccepted(tid, ignoreIface);
}

/**
 * An entry as this host understands it: a link-local address belongs to the interface that leads to the discovery controller.
 * A zone from the target names an interface of the target, and means nothing here.
 */
export function onThisHost(entry: DiscoveryLogEntry, dc: TransportId): DiscoveryLogEntry {
  const bare = withoutZone(entry.traddr);
  const address = isLinkLocal(bare) ? parseIp(bare) : undefined;
  const traddr = address === undefined ? bare : formatIp({ ...address, scope: dc.hostIface || zoneOf(dc.traddr) });
  return traddr === entry.traddr ? entry : { ...entry, traddr };
}

/** The interface to the link-local address of an entry. Empty if it is not known. */
function interfaceFor(entry: DiscoveryLogEntry, dc: TransportId): string {
  return dc.hostIface || zoneOf(dc.traddr) || zoneOf(entry.traddr);
}

function withoutZone(traddr: string): string {
  return traddr.includes("%") ? (parseIp(traddr)?.text ?? traddr) : traddr;
}

function isSameFamily(one: string, other: string): boolean {
  return parseIp(one)?.family === parseIp(other)?.family;
}

/** Why an entry of a discovery controller cannot be connected. `undefined` if it can. */
export function whyUnusable(entry: DiscoveryLogEntry, dc: TransportId): string | undefined {
  if (typeof entry.trtype === "number") return `hosts do not connect over its transport type ${String(entry.trtype)}`;
  const needsAddress = entry.trtype !== "loop";
  if ((needsAddress && entry.traddr === "") || isUnspecified(entry.traddr)) return "it gives no address";
  if ((entry.trtype === "tcp" || entry.trtype === "rdma") && entry.trsvcid === "") return "it gives no port";
  if (entry.subtype === "nvme" && entry.subnqn === "") return "it gives no subsystem NQN";
  if (entry.subtype === "nvme" && (entry.subnqn === WELL_KNOWN_DISCOVERY_NQN || entry.subnqn === dc.subsysnqn))
    return "its subtype is that of an I/O subsystem, but its NQN is that of a discovery subsystem";
  if (entry.trtype === "fc" && dc.transport !== "fc")
    return "it is reached over fc, but its discovery controller is not, so the host port to it is not known";
  if (isLinkLocal(entry.traddr) && interfaceFor(entry, dc) === "")
    return "its address is link-local, and the interface to it is not known";
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
  if (service === "stac" && tid.subsysnqn === WELL_KNOWN_DISCOVERY_NQN)
    return { ok: false, because: "its nqn is that of discovery controllers, which belong in stafd.conf" };
  if (![tid.traddr, tid.trsvcid, tid.subsysnqn, tid.hostTraddr, tid.hostIface, tid.hostNqn].every(fits)) {
    return { ok: false, because: "it has characters that a connect string cannot hold" };
  }
  const byIp = tid.transport === "tcp" || tid.transport === "rdma";
  if (byIp && parseIp(tid.traddr) === undefined && !isHostName(tid.traddr))
    return { ok: false, because: "its traddr is neither an address nor a host name" };
  return { ok: true, tid };
}
