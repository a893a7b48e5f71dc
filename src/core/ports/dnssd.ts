/** DNS-SD through a daemon (Avahi). */
export interface DnssdPort {
  /**
   * Browses these service types in `local`, instead of what was browsed before; none stops it. After each browse the
   * adapter says once whether the daemon is there (`dnssd-daemon`), up or not, and then what it has found so far.
   */
  browse(types: readonly string[]): void;
}

/** A service instance, resolved. */
export interface DnssdService {
  readonly instance: string;
  readonly type: string;
  readonly hostIface: string;
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly port: number;
  /** TXT strings as they came: `key=value`. */
  readonly txt: readonly string[];
}

/** A service was found, or the address, port or TXT of a known one changed. It has one address an interface and family. */
export interface DnssdFoundEvent {
  readonly kind: "dnssd-found";
  readonly service: DnssdService;
}

/** A service is not announced any more on an interface and family: it said goodbye, or its records ran out. */
export interface DnssdLostEvent {
  readonly kind: "dnssd-lost";
  readonly instance: string;
  readonly type: string;
  readonly hostIface: string;
  readonly family: "ipv4" | "ipv6";
}

/**
 * The daemon's name came or went on the bus; `up` also where it is not there and could be activated. When it comes back, what
 * it finds is told anew. Nothing is told as lost because it went.
 */
export interface DnssdDaemonEvent {
  readonly kind: "dnssd-daemon";
  readonly up: boolean;
}
