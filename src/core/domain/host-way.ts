/** How a connection leaves the host: which transport accepts the host's address and interface, and what a zone means. */
import { HOST_OPTIONS } from "./connection-options.js";
import { formatIp, isLinkLocal, parseIp } from "./ip-address.js";
import type { TransportId } from "./transport-id.js";

/**
 * A connection as its transport accepts it. A link-local address means nothing without its interface: if the interface cannot
 * be an option of its own, it becomes the zone of the address (`fe80::1%eth0`), unless the address has one.
 */
export function asAccepted(tid: TransportId, ignoreIface: boolean): TransportId {
  const { transport } = tid;
  const hostIface = ignoreIface || !HOST_OPTIONS.hostIface.includes(transport) ? "" : tid.hostIface;
  const hostTraddr = HOST_OPTIONS.hostTraddr.includes(transport) ? tid.hostTraddr : "";
  const traddr = hostIface === "" ? withZone(tid, tid.hostIface) : tid.traddr;
  return { ...tid, traddr, hostTraddr, hostIface };
}

function withZone({ transport, traddr }: TransportId, zone: string): string {
  if (zone === "" || (transport !== "tcp" && transport !== "rdma") || !isLinkLocal(traddr)) return traddr;
  const address = parseIp(traddr);
  return address?.scope === "" ? formatIp({ ...address, scope: zone }) : traddr;
}

/** The zone of a link-local address. Empty if there is none, or the address is not link-local. */
export function zoneOf(traddr: string): string {
  return isLinkLocal(traddr) ? (parseIp(traddr)?.scope ?? "") : "";
}
