/** What is browsed (NVMe-oF TP8009): discovery controllers over TCP, and over RDMA, which IANA has registered as UDP. */
import { dnsNameKey, type DnsName } from "../codec/dns-name.js";

export const SERVICE_TYPES: readonly string[] = ["_nvme-disc._tcp", "_nvme-disc._udp"];

/** The name under which instances of a type are pointed to. */
export function browsedName(type: string): DnsName {
  return [...type.split("."), "local"];
}

export const BROWSED: readonly DnsName[] = SERVICE_TYPES.map(browsedName);

const BROWSED_KEYS: ReadonlySet<string> = new Set(BROWSED.map(dnsNameKey));

export function isBrowsed(name: DnsName): boolean {
  return BROWSED_KEYS.has(dnsNameKey(name));
}
