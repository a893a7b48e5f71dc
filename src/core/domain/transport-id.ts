/** The identity of one NVMe-oF connection, as the host configures it. */

export const TRANSPORTS = ["tcp", "rdma", "fc", "loop"] as const;

export type Transport = (typeof TRANSPORTS)[number];

/**
 * The default trsvcid: IANA's port for NVMe/TCP discovery, and the only port for NVMe over RDMA (6.12-cloud.s3.log for tcp).
 * Fibre Channel and loop have no trsvcid.
 */
export const DEFAULT_TRSVCID: Readonly<Record<Transport, string>> = { tcp: "8009", rdma: "4420", fc: "", loop: "" };

/** The transport that a word names, ignoring case. */
export function parseTransport(text: string): Transport | undefined {
  const word = text.toLowerCase();
  return TRANSPORTS.find((transport) => transport === word);
}

/** The well-known NQN that every discovery subsystem accepts (NVMe Base 2.0, 4.5). */
export const WELL_KNOWN_DISCOVERY_NQN = "nqn.2014-08.org.nvmexpress.discovery";

/**
 * The seven values that identify a connection. An empty string means "not given".
 * `traddr` is in its canonical spelling (see `canonicalAddress`).
 */
export interface TransportId {
  readonly transport: Transport;
  readonly traddr: string;
  readonly trsvcid: string;
  readonly subsysnqn: string;
  readonly hostTraddr: string;
  readonly hostIface: string;
  readonly hostNqn: string;
}

/**
 * A key that is equal for two transport ids exactly when the ids are equal. No value of a possible connection holds a
 * comma: connect strings have no quoting.
 */
export function transportIdKey(id: TransportId): string {
  return [id.transport, id.traddr, id.trsvcid, id.subsysnqn, id.hostTraddr, id.hostIface, id.hostNqn].join(",");
}

/** Prints a transport id for a person: `tcp 192.168.1.20:8009 nqn... via eth0`. */
export function formatTransportId(id: TransportId): string {
  const address = id.traddr.includes(":") ? `[${id.traddr}]` : id.traddr;
  const service = id.trsvcid === "" ? "" : `:${id.trsvcid}`;
  const via = [id.hostIface, id.hostTraddr].filter((part) => part !== "").join(" ");
  return `${id.transport} ${address}${service} ${id.subsysnqn}${via === "" ? "" : ` via ${via}`}`;
}
