/** The browsed services (NVMe-oF TP8009): discovery controllers over TCP, and over RDMA, which IANA registered as UDP. */
import { dnsNameKey, type DnsName } from "../codec/dns-name.js";

export const SERVICE_TYPES: readonly string[] = ["_nvme-disc._tcp", "_nvme-disc._udp"];

/** The names whose pointers lead to instances of each type. */
export const BROWSED: readonly DnsName[] = SERVICE_TYPES.map((type) => [...type.split("."), "local"]);

const TYPE_OF: ReadonlyMap<string, string> = new Map(
  SERVICE_TYPES.map((type) => [dnsNameKey([...type.split("."), "local"]), type]),
);

/** The service type for the key of a name; empty if there is none. */
export function typeOf(nameKey: string): string {
  return TYPE_OF.get(nameKey) ?? "";
}

export function isBrowsed(name: DnsName): boolean {
  return TYPE_OF.has(dnsNameKey(name));
}
