/**
 * What the world wants to be connected: the discovery controllers to which the configuration in force leads, by address,
 * name, announced service and chain of referrals, and the subsystems that they list. From the core it takes only what
 * lines of the configuration mean.
 */
import { isSameAddress } from "../../adapters/sim/net/address.js";
import type { FabricId, ResponderSpec } from "../../adapters/sim/spec.js";
import { allowedFamily, isExcluded, transportIdOf } from "../../core/config/controller-entry.js";
import type { CommonConfig, ControllerEntry } from "../../core/config/types.js";
import type { DiscoveryLogEntry } from "../../core/domain/discovery-log.js";
import { isHostName } from "../../core/domain/host-name.js";
import { canonicalAddress } from "../../core/domain/ip-address.js";
import {
  parseTransport,
  type TransportId,
  transportIdKey,
  WELL_KNOWN_DISCOVERY_NQN,
} from "../../core/domain/transport-id.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { RunFacts } from "../observers/run-facts.js";
import type { KnownEntry } from "./pages.js";
import { hasPort } from "./path.js";

/** The most discovery controllers that are followed: a hostile chain of referrals ends here. */
const FOLLOWED_MAX = 4096;

/** A way to a controller that is wanted. */
export interface WantedWay {
  readonly tid: TransportId;
  /** What wants it: `stafd.conf line 2`, `the service r1`, or the id of a discovery controller. */
  readonly by: string;
  /** The way to the discovery controller that lists it; `undefined` if the configuration or a service gives it. */
  readonly through: TransportId | undefined;
  /** The host name that the address stands for; empty if an address is given. */
  readonly hostName: string;
  /** When the daemon was first told of it by a page; `undefined` if it never was, or if no page lists it. */
  readonly toldAt: Milliseconds | undefined;
}

/** A wanted way to a discovery controller, and the controller that listens there, if there is one. */
export interface WantedDc extends WantedWay {
  readonly dc: FabricId | undefined;
}

/** Everything that is wanted, by the keys of its transport ids, in the order in which it came to be wanted. */
export interface WantedSet {
  readonly dcs: ReadonlyMap<string, WantedDc>;
  readonly ios: ReadonlyMap<string, WantedWay>;
}

/** Where the wanted set comes from. */
export interface WantedSources {
  readonly view: Pick<RunFacts, "spec" | "facts">;
  /** `undefined`: no valid file was read. */
  readonly staf: (CommonConfig & { readonly zeroconf: boolean }) | undefined;
  readonly stac: CommonConfig | undefined;
  /** The addresses of a host name. */
  addresses(name: string, service: ServiceName): readonly string[];
  /** What a discovery controller lists through one of its listening addresses. */
  entries(dc: FabricId, listener: number, way: TransportId): readonly KnownEntry[];
}

/** A way that no page and no host name stands behind. */
const GIVEN = { hostName: "", through: undefined, toldAt: undefined } as const;

/** Collects the wanted set. It is a class because discovery controllers lead to further ones. */
class Collector {
  readonly #sources: WantedSources;
  readonly #dcs = new Map<string, WantedDc>();
  readonly #ios = new Map<string, WantedWay>();

  constructor(sources: WantedSources) {
    this.#sources = sources;
  }

  collect(): WantedSet {
    const { staf, stac, view } = this.#sources;
    if (staf !== undefined) {
      for (const way of this.#configured(staf, "staf")) this.#addDc(staf, way);
      if (staf.zeroconf)
        for (const responder of view.facts.announced())
          for (const way of offered(responder, staf.ignoreIface)) this.#addDc(staf, way);
    }
    if (stac !== undefined) for (const way of this.#configured(stac, "stac")) this.#addIo(stac, way);
    // A map shows what is added to it while it is walked.
    for (const dc of this.#dcs.values()) this.#follow(dc);
    return { dcs: this.#dcs, ios: this.#ios };
  }

  #configured(config: CommonConfig, service: ServiceName): readonly WantedWay[] {
    return config.controllers.flatMap((entry) => {
      const tid = transportIdOf(entry, { service, ignoreIface: config.ignoreIface });
      if ("missing" in tid) return [];
      const by = `${config.file} line ${String(entry.line)}`;
      if (!hasPort(tid) || !isHostName(tid.traddr)) return [{ ...GIVEN, tid, by }];
      return this.#sources.addresses(tid.traddr, service).map((address) => ({
        tid: { ...tid, traddr: canonicalAddress(tid.transport, address) },
        by,
        hostName: tid.traddr,
        through: undefined,
        toldAt: undefined,
      }));
    });
  }

  /** Whether the configuration of a service keeps a way out. An excluded host name excludes each of its addresses. */
  #isBarred(config: CommonConfig, service: ServiceName, tid: TransportId): boolean {
    const excludes = config.excludes.flatMap((entry): readonly ControllerEntry[] =>
      isHostName(entry.traddr)
        ? [entry, ...this.#sources.addresses(entry.traddr, service).map((traddr) => ({ ...entry, traddr }))]
        : [entry],
    );
    return isExcluded(tid, excludes) !== undefined || !allowedFamily(tid, config.ipFamilies);
  }

  #addDc(staf: CommonConfig, way: WantedWay): void {
    const key = transportIdKey(way.tid);
    if (this.#dcs.has(key) || this.#dcs.size >= FOLLOWED_MAX || this.#isBarred(staf, "staf", way.tid)) return;
    this.#dcs.set(key, { ...way, dc: this.#listenerAt(way.tid)?.dc });
  }

  #addIo(stac: CommonConfig, way: WantedWay): void {
    const key = transportIdKey(way.tid);
    if (!this.#ios.has(key) && !this.#isBarred(stac, "stac", way.tid)) this.#ios.set(key, way);
  }

  #follow({ tid, dc }: WantedDc): void {
    const { staf, stac } = this.#sources;
    const there = this.#listenerAt(tid);
    if (dc === undefined || there === undefined || staf === undefined) return;
    for (const { entry, toldAt } of this.#sources.entries(dc, there.listener, tid)) {
      const way = wayTo(entry, tid, staf.ignoreIface);
      if (way === undefined) continue;
      const wanted = { tid: way, by: dc, through: tid, hostName: "", toldAt };
      if (entry.subtype === "referral") this.#addDc(staf, wanted);
      else if (entry.subtype === "nvme" && stac !== undefined) {
        const ignoring = stac.ignoreIface ? { ...way, hostIface: "" } : way;
        this.#addIo(stac, { ...wanted, tid: ignoring });
      }
    }
  }

  /** The discovery controller that listens at an address under this NQN, and the number of its listening address. */
  #listenerAt(tid: TransportId): { readonly dc: FabricId; readonly listener: number } | undefined {
    for (const { id, listen, nqn } of this.#sources.view.spec.fabric.discoveryControllers) {
      if (tid.subsysnqn !== WELL_KNOWN_DISCOVERY_NQN && tid.subsysnqn !== nqn) continue;
      const listener = listen.findIndex(
        (one) =>
          one.transport === tid.transport &&
          isSameAddress(one.traddr, tid.traddr) &&
          (!hasPort(tid) || one.trsvcid === tid.trsvcid),
      );
      if (listener >= 0) return { dc: id, listener };
    }
    return undefined;
  }
}

/** The ways that an announced service offers (TP8009). A link-local address belongs to the interface. */
function offered({ id, hostIface, addresses, port, txt }: ResponderSpec, ignoreIface: boolean): readonly WantedWay[] {
  const protocol = txt
    .find((text) => text.toLowerCase().startsWith("p="))
    ?.slice(2)
    .toLowerCase();
  const transport = protocol === "roce" || protocol === "iwarp" ? "rdma" : parseTransport(protocol ?? "");
  if (transport === undefined) return [];
  const nqn = txt.find((text) => text.toLowerCase().startsWith("nqn="))?.slice(4) ?? "";
  return addresses.map((address) => ({
    ...GIVEN,
    tid: {
      transport,
      traddr: canonicalAddress(transport, address),
      trsvcid: String(port),
      subsysnqn: nqn === "" ? WELL_KNOWN_DISCOVERY_NQN : nqn,
      hostTraddr: "",
      hostIface: transport === "tcp" && (!ignoreIface || address.startsWith("fe80:")) ? hostIface : "",
      hostNqn: "",
    },
    by: `the service ${id}`,
  }));
}

/** The way that an entry gives, seen from the way to the discovery controller that lists it. Only tcp has interfaces. */
function wayTo(entry: DiscoveryLogEntry, dc: TransportId, ignoreIface: boolean): TransportId | undefined {
  const { trtype: transport } = entry;
  if (typeof transport === "number") return undefined;
  const inherits = transport === dc.transport;
  return {
    transport,
    traddr: canonicalAddress(transport, entry.traddr),
    trsvcid: hasPort({ transport }) ? entry.trsvcid : "",
    subsysnqn: entry.subtype === "referral" && entry.subnqn === "" ? WELL_KNOWN_DISCOVERY_NQN : entry.subnqn,
    hostTraddr: inherits ? dc.hostTraddr : "",
    hostIface: inherits && transport === "tcp" && !ignoreIface ? dc.hostIface : "",
    hostNqn: dc.hostNqn,
  };
}

/** The wanted set of a moment. */
export function wantedSet(sources: WantedSources): WantedSet {
  return new Collector(sources).collect();
}
