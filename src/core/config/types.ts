/** Typed configuration of the two services, after defaults. */
import type { ConnectionOptions } from "../domain/connection-options.js";
import type { Transport } from "../domain/transport-id.js";
import type { Milliseconds } from "../domain/units.js";

/** One `controller =` or `exclude =` line. Empty strings: not given. */
export interface ControllerEntry {
  readonly transport: Transport | "";
  /** An address in canonical spelling, or a host name. */
  readonly traddr: string;
  readonly trsvcid: string;
  readonly nqn: string;
  readonly hostTraddr: string;
  readonly hostIface: string;
  readonly hostNqn: string;
  /** Options that this line sets, over those of [Global]. */
  readonly options: Partial<ConnectionOptions>;
  /** 1-based line in the file, for reasons: "excluded by stacd.conf line 12". */
  readonly line: number;
}

export type IpFamily = "ipv4" | "ipv6";

export interface CommonConfig {
  readonly file: string;
  readonly tron: boolean;
  readonly connection: ConnectionOptions;
  readonly ignoreIface: boolean;
  /** Accepted families, preferred first. */
  readonly ipFamilies: readonly IpFamily[];
  readonly controllers: readonly ControllerEntry[];
  readonly excludes: readonly ControllerEntry[];
}

/** Who finds services: Avahi, our own queries, or (`auto`) Avahi where there is one. */
export type MdnsProvider = "auto" | "avahi" | "builtin";

export interface StafConfig extends CommonConfig {
  readonly pleo: boolean;
  readonly zeroconf: boolean;
  readonly persistentConnections: boolean;
  /** How long a discovered DC may be silent; `undefined`: for ever. */
  readonly zeroconfPersistence: Milliseconds | undefined;
  readonly mdnsProvider: MdnsProvider;
  /** What a goodbye means to a discovered DC that is not live: kept for the persistence time, or dropped at once. */
  readonly zeroconfGoodbye: "keep" | "purge";
}

export type DisconnectScope = "only-stas-connections" | "all-connections-matching-disconnect-trtypes" | "no-disconnect";

export interface StacConfig extends CommonConfig {
  readonly disconnectScope: DisconnectScope;
  readonly disconnectTrtypes: readonly Transport[];
  /** 0: never give up. */
  readonly connectAttemptsOnNcc: number;
}

/** `/etc/stas/sys.conf`: who this host is. */
export interface HostIdentity {
  readonly hostNqn: string;
  readonly hostId: string;
  /** A handle `secret:N`, or `undefined`. */
  readonly hostKey: string | undefined;
  readonly symname: string | undefined;
}

/** Something in a file that a person should look at. */
export interface ConfigNote {
  readonly level: "warning" | "error";
  readonly file: string;
  /** 1-based; 0 where it speaks of the whole file. */
  readonly line: number;
  readonly text: string;
}

/** `ok: false`: the file is broken as a whole, and what was good before it stays good. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly notes: readonly ConfigNote[] }
  | { readonly ok: false; readonly notes: readonly ConfigNote[] };

/** Who the host is, or why that is not known; nothing can be connected then. */
export type SysConfig =
  { readonly kind: "known"; readonly identity: HostIdentity } | { readonly kind: "unknown"; readonly because: string };
