/** Turns a service announced over DNS-SD into the connection that it offers (NVMe-oF TP8009). Pure. */
import { asAccepted } from "../domain/host-way.js";
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
  /** A phrase from this project. It quotes nothing from the network. */
  | { readonly ok: false; readonly because: string };

/** Values by lower-case key. The first of a repeated key counts; a string without a key is ignored (RFC 6763, 6.4). */
export function readTxt(strings: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const string of strings) {
    const equals = string.indexOf("=");
    const key = (equals < 0 ? string : string.slice(0, equals)).toLowerCase();
    if (key !== "" && !values.has(key)) values.set(key, equals < 0 ? "" : string.slice(equals + 1).trim());
  }
  return values;
}

/** The connection that a service offers, over the interface on which it is announced. */
export function offerOf(service: DnssdService, ignoreIface: boolean): Offer {
  const txt = readTxt(service.txt);
  const transport = TRANSPORT_OF.get((txt.get("p") ?? "").toLowerCase());
  if (transport === undefined) return refused("its TXT record names no known protocol (p=tcp, roce, iwarp or rdma)");
  const nqn = txt.get("nqn") ?? "";
  if (nqn !== "" && !isNqn(nqn)) return refused("the nqn in its TXT record is not a valid NQN");
  const traddr = scopedAddress(service);
  if (traddr === undefined) return refused("nothing can connect to its address");
  if (service.port < 1 || service.port > 65_535) return refused("it gives no port");
  const tid: TransportId = {
    transport,
    traddr,
    trsvcid: String(service.port),
    subsysnqn: nqn === "" ? WELL_KNOWN_DISCOVERY_NQN : nqn,
    hostTraddr: "",
    hostIface: service.hostIface,
    hostNqn: "",
  };
  return { ok: true, tid: asAccepted(tid, ignoreIface) };
}

function refused(because: string): Offer {
  return { ok: false, because };
}

/** The address in canonical spelling. A link-local address gets its interface as scope: without one it means nothing. */
function scopedAddress({ address, hostIface }: DnssdService): string | undefined {
  const ip = parseIp(address);
  if (ip === undefined || isUnspecified(address) || isNotUnicast(ip.text)) return undefined;
  if (isLinkLocal(address)) return formatIp({ ...ip, scope: hostIface });
  return canonicalAddress("tcp", ip.text);
}

/** Loopback, multicast and broadcast addresses. No target on the network listens there. */
function isNotUnicast(text: string): boolean {
  return /^(127\.|22[4-9]\.|2[34]\d\.|25[0-5]\.|::1$|ff[0-9a-f]{2}:)/.test(text);
}
