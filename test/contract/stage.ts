/** The storage in every world of the contract suite: where the target listens, and what it serves there. */

/** An NVMe/TCP address. */
export interface Address {
  readonly traddr: string;
  readonly trsvcid: string;
}

export type Subsystem = "a" | "b" | "private";

export const SUBSYSTEMS: readonly Subsystem[] = ["a", "b", "private"];

export const SUBSYSTEM_NQN: Readonly<Record<Subsystem, string>> = {
  a: "nqn.2024-01.io.lab:subsys-a",
  b: "nqn.2024-01.io.lab:subsys-b",
  /** No host may connect to it. */
  private: "nqn.2024-01.io.lab:private",
};

/** Ports of the target in order of their numbers, from 1. A subsystem's `listen` uses the same order. */
export const PLACES = {
  main: { traddr: "127.0.0.1", trsvcid: "8009", subsystems: ["a", "b"] },
  io: { traddr: "127.0.0.1", trsvcid: "4420", subsystems: ["a", "b", "private"] },
  /** On one of the host's own interfaces. */
  dummy: { traddr: "192.168.77.1", trsvcid: "8009", subsystems: ["a"] },
  ipv6: { traddr: "::1", trsvcid: "8009", subsystems: ["a"] },
  /** Behind the link that `HostNetwork.wire` cuts. */
  far: { traddr: "10.99.0.2", trsvcid: "8009", subsystems: ["a"] },
} as const satisfies Readonly<Record<string, Address & { readonly subsystems: readonly Subsystem[] }>>;

export type Place = keyof typeof PLACES;

export const PLACE_NAMES: readonly Place[] = ["main", "io", "dummy", "ipv6", "far"];

/** Listeners that are not targets. */
export const PEERS = {
  /** Accepts the connection and says nothing. */
  silent: { traddr: "127.0.0.1", trsvcid: "5555" },
  closes: { traddr: "127.0.0.1", trsvcid: "5556" },
  garbage: { traddr: "127.0.0.1", trsvcid: "5557" },
} as const;

/** No listener here. */
export const NOBODY: Address = { traddr: "127.0.0.1", trsvcid: "8010" };
/** In the subnet of the far link; does not answer ARP. */
export const ABSENT: Address = { traddr: "10.99.0.77", trsvcid: "8009" };
/** No route leads here. */
export const NO_ROUTE: Address = { traddr: "203.0.113.1", trsvcid: "8009" };

/** The host's interfaces, without loopback. */
export const INTERFACES = [
  { name: "dum", address: "192.168.77.1", prefix: 24 },
  { name: "vh", address: "10.99.0.1", prefix: 24 },
] as const;

/** The link on which services are announced over mDNS, and the announcer's address. */
export const ANNOUNCED = { hostIface: "mh", own: "10.98.0.1", far: "10.98.0.2", prefix: 24 } as const;

export const DISCOVERY_NQN = "nqn.2014-08.org.nvmexpress.discovery";
export const UNIQUE_DISCOVERY_NQN = "nqn.2024-01.io.lab:unique-discovery";
export const HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
export const HOST_ID = "11111111-2222-3333-4444-555555555555";
export const OTHER_HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:99999999-2222-3333-4444-555555555555";
export const OTHER_HOST_ID = "99999999-2222-3333-4444-555555555555";

/** Names that the host's resolver knows, and its answers. */
export const NAMES = {
  known: { name: "target.lab.example", addresses: ["192.0.2.7"] },
  unknown: "nowhere.lab.example",
  /** The name server fails. */
  broken: "broken.lab.example",
} as const;

/** A connect string with its options in order. An empty value drops its key. */
export function options(parts: Readonly<Record<string, string>>, ...flags: readonly string[]): string {
  const pairs = Object.entries(parts).filter(([, value]) => value !== "");
  return [...pairs.map(([key, value]) => `${key}=${value}`), ...flags].join(",");
}

const HOST = { hostnqn: HOST_NQN, hostid: HOST_ID };

/** A connect to the well-known discovery subsystem at an address. */
export function toDiscovery({ traddr, trsvcid }: Address, more: Readonly<Record<string, string>> = {}): string {
  return options({ nqn: DISCOVERY_NQN, transport: "tcp", traddr, trsvcid, ...HOST, ...more });
}

/** A connect to a subsystem at an address. */
export function toSubsystem(
  subsystem: Subsystem,
  { traddr, trsvcid }: Address,
  more: Readonly<Record<string, string>> = {},
): string {
  return options({ nqn: SUBSYSTEM_NQN[subsystem], transport: "tcp", traddr, trsvcid, ...HOST, ...more });
}
