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
  /** Options that this line sets. They override [Global]. */
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

/** How services are discovered: Avahi, our own queries, or (`auto`) Avahi if it is present. */
export type MdnsProvider = "auto" | "avahi" | "builtin";

export interface StafConfig extends CommonConfig {
  readonly pleo: boolean;
  readonly zeroconf: boolean;
  readonly persistentConnections: boolean;
  /** How long a discovered DC may be silent; `undefined`: forever. */
  readonly zeroconfPersistence: Milliseconds | undefined;
  /** How often a live DC's log page is looked at without an event; `undefined`: never. */
  readonly logPageRefresh: Milliseconds | undefined;
  readonly mdnsProvider: MdnsProvider;
  /** The effect of a goodbye on a discovered DC that is not live: keep it for the persistence time, or drop it at once. */
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

/** Something in a file that needs the user's attention. */
export interface ConfigNote {
  readonly level: "warning" | "error";
  readonly file: string;
  /** 1-based; 0 if it concerns the whole file. */
  readonly line: number;
  readonly text: string;
}

/** `ok: false`: the whole file is not valid. The last good configuration stays in force. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly notes: readonly ConfigNote[] }
  | { readonly ok: false; readonly notes: readonly ConfigNote[] };

/** Who the host is, or why that is unknown. Without it, nothing can be connected. */
export type SysConfig =
  { readonly kind: "known"; readonly identity: HostIdentity } | { readonly kind: "unknown"; readonly because: string };
