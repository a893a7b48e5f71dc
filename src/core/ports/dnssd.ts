/** DNS-SD through a daemon (Avahi). */
export interface DnssdPort {
  /**
   * Browses these service types in `local` instead of those browsed before. An empty list stops browsing. After each
   * browse the adapter reports once whether the daemon is up (`dnssd-daemon`), and then what the daemon has found so far.
   */
  browse(types: readonly string[]): void;
}

/** A resolved service instance. */
export interface DnssdService {
  readonly instance: string;
  readonly type: string;
  readonly hostIface: string;
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly port: number;
  /** TXT strings as received: `key=value`. */
  readonly txt: readonly string[];
}

/** A service was found, or its address, port or TXT changed. It has one address per interface and family. */
export interface DnssdFoundEvent {
  readonly kind: "dnssd-found";
  readonly service: DnssdService;
}

/** A service is no longer announced on an interface and family: it said goodbye, or its records expired. */
export interface DnssdLostEvent {
  readonly kind: "dnssd-lost";
  readonly instance: string;
  readonly type: string;
  readonly hostIface: string;
  readonly family: "ipv4" | "ipv6";
}

/**
 * The daemon's name appeared on the bus or left it. `up` is also true if the daemon is absent but can be activated. When
 * it comes back, its services are reported again. Its absence does not report any service as lost.
 */
export interface DnssdDaemonEvent {
  readonly kind: "dnssd-daemon";
  readonly up: boolean;
}
