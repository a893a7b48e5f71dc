/** DNS-SD through a daemon (Avahi). */
export interface DnssdPort {
  /** Browses these service types in `local`, instead of what was browsed before. */
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

export interface DnssdFoundEvent {
  readonly kind: "dnssd-found";
  readonly service: DnssdService;
}

export interface DnssdLostEvent {
  readonly kind: "dnssd-lost";
  readonly instance: string;
  readonly type: string;
  readonly hostIface: string;
  readonly family: "ipv4" | "ipv6";
}

export interface DnssdDaemonEvent {
  readonly kind: "dnssd-daemon";
  readonly up: boolean;
}
