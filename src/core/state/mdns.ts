/** What mDNS discovery knows: plain values in the core's state. */
import type { ControllerId } from "./controller.js";
import type { TransportId } from "../domain/transport-id.js";
import type { Milliseconds } from "../domain/units.js";
import type { DnssdService } from "../ports/dnssd.js";
import type { RequestId } from "../ports/request.js";
import type { Asking } from "../dnssd/asking.js";
import type { RecordCache } from "../dnssd/cache.js";

/** Who tells of services now. */
export type Listening =
  /** zeroconf is disabled, or nothing has started yet. */
  | { readonly at: "off" }
  /** `asked`: whether the daemon is there is not known yet. `gone`: it went away; what it told stays. */
  | { readonly at: "avahi"; readonly daemon: "asked" | "up" | "gone" }
  /** `because`: what the configuration says, or there being no Avahi, which is looked for again. */
  | { readonly at: "builtin"; readonly because: "configured" | "no-avahi" };

/** Why a service is not announced any more. Avahi does not tell the first two apart: its word is a goodbye. */
export type LostBy = "goodbye" | "expiry" | "interface" | "change" | "not-told-again";

export interface KnownService {
  readonly service: DnssdService;
  /** The target that it leads to; `undefined` where nothing can be connected from it. */
  readonly target: string | undefined;
  /** `no`: told before the provider (re)started, and not since. */
  confirmed: boolean;
}

/** Whether a target takes connections. RDMA is not probed, and taken to be reachable. */
export type Reach =
  | { readonly at: "reachable" }
  | { readonly at: "waiting"; readonly due: Milliseconds; readonly failures: number }
  | { readonly at: "probing"; readonly request: RequestId; readonly failures: number }
  /** Excluded, or of a family that is not wanted. */
  | { readonly at: "barred" };

/** A connection that services announce: several may announce the same. */
export interface Target {
  readonly tid: TransportId;
  readonly services: Set<string>;
  reach: Reach;
  /** When it was last woken because a network came up, or when it is to be. */
  wokenAt: Milliseconds | undefined;
}

/** An interface on which our own queries are asked. */
export interface MdnsLink {
  /** The interface's, as they were when its sockets were opened. */
  addresses: readonly string[];
  readonly cache: RecordCache;
  readonly asking: Asking;
  /** The services that its records made known, by key, and the names that each stands on. */
  readonly told: Map<string, readonly string[]>;
  /** Whether records came that the table was not told of. */
  untold: boolean;
  /** When the table may be told of them. */
  tellAt: Milliseconds;
}

/** A discovered controller that is not announced. */
export interface Absence {
  readonly by: LostBy | "unheard";
  /** Since when it has not been live either, as both clocks had it. */
  readonly since: { readonly clock: Milliseconds; readonly wall: Milliseconds } | undefined;
}

export interface MdnsState {
  listening: Listening;
  /** False until a provider had its time to tell everything: a service that is not in the table may be announced. */
  settled: boolean;
  /** By `serviceKey`. */
  readonly services: Map<string, KnownService>;
  /** By `transportIdKey`. */
  readonly targets: Map<string, Target>;
  /** Whether a probe may be due that was not before: a target came, went or moved on. False between events. */
  probesMoved: boolean;
  /** Addresses that are announced on several interfaces, and these as they were last reported. */
  readonly duplicates: Map<string, string>;
  /** By interface; empty while queries are not our own. */
  readonly links: Map<string, MdnsLink>;
  readonly absences: Map<ControllerId, Absence>;
  /** Discovered controllers of which something changed that `judgeAbsences` looks at. Empty between events. */
  readonly unjudged: Set<ControllerId>;
}

export function initialMdns(): MdnsState {
  return {
    listening: { at: "off" },
    settled: false,
    services: new Map(),
    targets: new Map(),
    probesMoved: false,
    duplicates: new Map(),
    links: new Map(),
    absences: new Map(),
    unjudged: new Set(),
  };
}

/** One service an instance, type, interface and family. No name of an interface or type holds a space. */
export function serviceKey(service: Pick<DnssdService, "instance" | "type" | "hostIface" | "family">): string {
  return `${service.hostIface} ${service.family} ${service.type} ${service.instance}`;
}
