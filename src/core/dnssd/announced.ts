/** From a service announced over DNS-SD to the connection that it offers (NVMe-oF TP8009). Pure. */
import { canonicalAddress, formatIp, isLinkLocal, isUnspecified, parseIp } from "../domain/ip-address.js";
import { isNqn } from "../domain/nqn.js";
import { WELL_KNOWN_DISCOVERY_NQN, type Transport, type TransportId } from "../domain/transport-id.js";
import type { DnssdService } from "../ports/dnssd.js";

const TRANSPORT_OF: ReadonlyMap<string, Transport> = new Map([
  ["tcp", "tcp"],
  ["rdma", "rdma"],
  ["roce", "rdma"],
  ["iwarp", "rdma"],
]);

export type Offer =
  | { readonly ok: true; readonly tid: TransportId }
  /** A phrase of ours, in which nothing is quoted from the network. */
  | { readonly ok: false; readonly because: string };

/** Keys in lower case. Of a key given twice the first counts, and a string without key says nothing (RFC 6763, 6.4). */
export function readTxt(strings: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const string of strings) {
    const equals = string.indexOf("=");
    const key = (equals < 0 ? string : string.slice(0, equals)).toLowerCase();
    if (key !== "" && !values.has(key)) values.set(key, equals < 0 ? "" : string.slice(equals + 1).trim());
  }
  return values;
}

/** The connection that a service offers. The interface is kept for tcp alone, unless `ignore-iface` says otherwise. */
export function offerOf(service: DnssdService, ignoreIface: boolean): Offer {
  const txt = readTxt(service.txt);
  const transport = TRANSPORT_OF.get((txt.get("p") ?? "").toLowerCase());
  if (transport === undefined)
    return refused("its TXT record names no protocol that is known (p=tcp, roce, iwarp or rdma)");
  const nqn = txt.get("nqn") ?? "";
  if (nqn !== "" && !isNqn(nqn)) return refused("the NQN in its TXT record is none");
  const traddr = scopedAddress(service);
  if (traddr === undefined) return refused("its address is none that can be connected to");
  if (service.port < 1 || service.port > 65_535) return refused("it gives no port");
  return {
    ok: true,
    tid: {
      transport,
      traddr,
      trsvcid: String(service.port),
      subsysnqn: nqn === "" ? WELL_KNOWN_DISCOVERY_NQN : nqn,
      hostTraddr: "",
      hostIface: transport === "tcp" && !ignoreIface ? service.hostIface : "",
      hostNqn: "",
    },
  };
}

function refused(because: string): Offer {
  return { ok: false, because };
}

/** The address in the one spelling; a link-local one means nothing without its interface. */
function scopedAddress({ address, hostIface }: DnssdService): string | undefined {
  const ip = parseIp(address);
  if (ip === undefined || isUnspecified(address) || isNoUnicast(ip.text)) return undefined;
  if (isLinkLocal(address)) return formatIp({ ...ip, scope: hostIface });
  return canonicalAddress("tcp", ip.text);
}

/** Loopback, multicast and broadcast addresses: nothing of the network listens there. */
function isNoUnicast(text: string): boolean {
  return /^(127\.|22[4-9]\.|2[34]\d\.|25[0-5]\.|::1$|ff[0-9a-f]{2}:)/.test(text);
}
