/** The simulated network: which interface leads to an address, and how an attempt ends if none does. */
import { ERRNO } from "../../../core/domain/errno.js";
import type { Transport } from "../../../core/domain/transport-id.js";
import { Milliseconds } from "../../../core/domain/units.js";
import type { NetworkInterface, ProbeTarget } from "../../../core/ports/network.js";
import type { FabricId, InterfaceSpec, LinkState, ListenerState, NetworkSpec } from "../spec.js";
import type { NetworkAction } from "./actions.js";
import { isLinkLocal, isLoopback, parseNetAddress, parseNetPrefix, within, zoneOf } from "./address.js";
import type { NetAddress, NetPrefix } from "./address.js";
import { type Iface, isCalled, makeIface, NetworkMisuse } from "./iface.js";

/**
 * How long an attempt takes to fail if nothing answers: a SYN, one retry, or no ARP answer (6.12-cloud.s3.log,
 * 6.12-cloud.s7.log).
 */
const NO_ANSWER_AFTER = Milliseconds(3080);

/** How long an attempt takes to fail if it is refused at once (6.12-cloud.s3.log: 13 to 17 ms with the write). */
const REFUSED_AFTER = Milliseconds(1);

/** The interface of a world that lists no interfaces. It reaches every address. */
const DEFAULT_INTERFACE: InterfaceSpec = {
  name: "eth0",
  mac: "52:54:00:00:00:01",
  addresses: ["192.168.1.10/24", "fd00::10/64"],
};

/** One address where a peer of the fabric listens. */
export interface Listener {
  readonly peer: FabricId;
  /** Index in the peer's `listen`. */
  readonly index: number;
  readonly transport: Transport;
  readonly traddr: string;
  readonly trsvcid: string;
  state: ListenerState;
}

export interface ReachTarget {
  readonly transport: Transport;
  readonly traddr: string;
  readonly trsvcid: string;
  readonly hostTraddr: string;
  readonly hostIface: string;
}

/** How a transport connection to an address ends. `listeners`: all listeners at that address and port, never empty. */
export type ReachOutcome =
  | {
      readonly kind: "listener";
      /** The listener that sets the state of the address: the first that is up, or else the first that does not refuse. */
      readonly listener: Listener;
      readonly listeners: readonly Listener[];
      readonly srcAddr: string;
      readonly iface: string;
      /** One way. */
      readonly latency: Milliseconds;
    }
  | { readonly kind: "errno"; readonly errno: number; readonly after: Milliseconds };

type ProbeOutcome =
  | { readonly ok: true; readonly after: Milliseconds }
  | { readonly ok: false; readonly errno: number; readonly after: Milliseconds };

interface Link {
  state: LinkState;
  latency: Milliseconds;
}

interface Route {
  readonly prefix: NetPrefix;
  hostIface: string;
  state: LinkState;
}

/** Where a target leads. Valid until an interface, link, route or listen address changes. */
type Plan =
  | { readonly kind: "errno"; readonly outcome: ReachOutcome }
  | {
      readonly kind: "endpoint";
      readonly there: readonly Listener[];
      readonly srcAddr: string;
      readonly iface: string;
      readonly latency: Milliseconds;
    };

interface Way {
  readonly iface: string;
  readonly state: LinkState;
  readonly bits: number;
}

const LOOPBACK = "lo";

function failed(errno: number, after: Milliseconds): Plan {
  return { kind: "errno", outcome: { kind: "errno", errno, after } };
}

/** What an address answers now. Not part of the plan: a listener's state changes without a change of the path. */
function answer(plan: Extract<Plan, { kind: "endpoint" }>): ReachOutcome {
  const { there, srcAddr, iface, latency } = plan;
  const listener = there.find(({ state }) => state === "up") ?? there.find(({ state }) => state !== "refuses");
  if (listener === undefined) {
    return { kind: "errno", errno: ERRNO.ECONNREFUSED, after: Milliseconds(REFUSED_AFTER + 2 * latency) };
  }
  if (listener.state === "unreachable") return { kind: "errno", errno: ERRNO.ETIMEDOUT, after: NO_ANSWER_AFTER };
  return { kind: "listener", listener, listeners: there, srcAddr, iface, latency };
}

/** `default` and `default6` stand for all IPv4 and all IPv6 addresses. */
function routePrefix(to: string): NetPrefix | undefined {
  return parseNetPrefix(to === "default" ? "0.0.0.0/0" : to === "default6" ? "::/0" : to);
}

/**
 * Interfaces, links, routes and listeners. The longest prefix among links that are not down leads to an address. If a
 * connection is bound to an interface without a route, the address counts as a neighbour that never answers, as on Linux
 * (6.12-cloud.s3.log, host_iface=lo).
 */
export class NetworkModel {
  readonly #ifaces: Iface[] = [];
  readonly #links = new Map<string, Link>();
  readonly #routes: Route[] = [];
  readonly #listeners = new Map<string, Listener[]>();
  /** How many listeners an address has, on any port. */
  readonly #hosts = new Map<string, number>();
  readonly #changed: ((change: NetworkAction) => void)[] = [];
  /** One plan per target, because connections ask often. Cleared by any change. */
  #plans = new WeakMap<ReachTarget, Plan>();

  constructor(spec: NetworkSpec, interfaces: readonly InterfaceSpec[]) {
    const bare = interfaces.length === 0;
    for (const iface of bare ? [DEFAULT_INTERFACE] : interfaces) this.#ifaces.push(makeIface(iface));
    if (bare) {
      this.#setRoute("default", DEFAULT_INTERFACE.name, "up");
      this.#setRoute("default6", DEFAULT_INTERFACE.name, "up");
    }
    for (const link of spec.links) this.#links.set(link.hostIface, { state: link.state, latency: link.latency });
    for (const route of spec.routes) this.#setRoute(route.to, route.hostIface, route.state);
  }

  /** Calls back after a change of links, routes, interfaces or addresses, in the order of registration. */
  onChange(callback: (change: NetworkAction) => void): void {
    this.#changed.push(callback);
  }

  /**
   * Throws NetworkMisuse if an address or destination is not valid. Returns the name of an interface that is to be renamed
   * but does not exist.
   */
  apply(action: NetworkAction): string | undefined {
    if (action.kind === "rename-interface" && !this.#ifaces.some(({ name }) => name === action.name))
      return action.name;
    switch (action.kind) {
      case "link":
        this.#links.set(action.hostIface, { state: action.state, latency: this.#latency(action.hostIface) });
        break;
      case "route":
        this.#setRoute(action.to, action.hostIface, action.state);
        break;
      case "interface":
        this.#setInterface(action);
        break;
      case "remove-interface":
        this.#removeInterface(action.name);
        break;
      case "rename-interface":
        this.#renameInterface(action.name, action.to);
        break;
    }
    this.#plans = new WeakMap();
    for (const callback of this.#changed) callback(action);
    return undefined;
  }

  /** Interfaces as the network port shows them: no loopback, primary address first, no prefix length. */
  interfaces(): readonly NetworkInterface[] {
    return this.#ifaces.map(({ name, mac, texts }) => {
      const shown = { name, mac, addresses: texts };
      return this.linkState(name) === "down" ? { ...shown, down: true } : shown;
    });
  }

  /** Alternative names count too: the kernel looks them up like names (test/lab/checks/targets.ts; since 5.5). */
  hasInterface(name: string): boolean {
    return name === LOOPBACK || this.#ifaces.some((iface) => isCalled(iface, name));
  }

  /** Whether the zone of a link-local address, if it has one, is an interface. The zone of another address means nothing. */
  hasZoneOf(text: string): boolean {
    const zone = zoneOf(parseNetAddress(text));
    return zone === "" || this.hasInterface(zone);
  }

  /** The state of an interface's link. Up unless something set it. */
  linkState(hostIface: string): LinkState {
    return this.#links.get(hostIface)?.state ?? "up";
  }

  /** Adds a listener. */
  listen(listener: Listener): void {
    this.#plans = new WeakMap();
    const key = this.#listenerKey(listener.transport, listener.traddr, listener.trsvcid);
    const there = this.#listeners.get(key);
    if (there === undefined) this.#listeners.set(key, [listener]);
    else there.push(listener);
    const host = parseNetAddress(listener.traddr)?.key ?? listener.traddr;
    this.#hosts.set(host, (this.#hosts.get(host) ?? 0) + 1);
  }

  /** All listeners at an address, regardless of their state and of the path. */
  listenersAt(transport: Transport, traddr: string, trsvcid: string): readonly Listener[] {
    return this.#listeners.get(this.#listenerKey(transport, traddr, trsvcid)) ?? [];
  }

  /** How an attempt to connect ends. The plan is cached per target object, so a target must not change. */
  reach(target: ReachTarget): ReachOutcome {
    let plan = this.#plans.get(target);
    if (plan === undefined) {
      plan = this.#plan(target);
      this.#plans.set(target, plan);
    }
    return plan.kind === "errno" ? plan.outcome : answer(plan);
  }

  #plan(target: ReachTarget): Plan {
    if (target.transport === "fc" || target.transport === "loop") return this.#reachWithoutIp(target);
    const to = parseNetAddress(target.traddr);
    if (to === undefined) return failed(ERRNO.EINVAL, Milliseconds(0));
    const asked = target.hostIface === "" ? zoneOf(to) : target.hostIface;
    if (asked !== "" && !this.hasInterface(asked)) return failed(ERRNO.ENODEV, Milliseconds(0));
    const bound = this.#ifaces.find((iface) => isCalled(iface, asked))?.name ?? asked;
    if (target.hostTraddr !== "") {
      const from = parseNetAddress(target.hostTraddr);
      // A bind to an address of another family (inet_bind and inet6_bind in the kernel).
      if (from !== undefined && from.family !== to.family) return failed(ERRNO.EAFNOSUPPORT, REFUSED_AFTER);
      if (this.#ownerOf(target.hostTraddr) === undefined) return failed(ERRNO.EADDRNOTAVAIL, REFUSED_AFTER);
    }
    const owner = this.#ownerOf(target.traddr);
    if (owner !== undefined) return this.#reachLocal(target, owner, bound);
    if (isLinkLocal(to) && bound === "") return failed(ERRNO.EINVAL, REFUSED_AFTER);
    const way = this.#wayTo(to, bound);
    if (way === undefined) {
      const neighbour = bound !== "" && bound !== LOOPBACK && to.family === 4 && this.linkState(bound) !== "down";
      const loopback = bound === LOOPBACK && to.family === 4;
      return neighbour || loopback
        ? failed(ERRNO.ETIMEDOUT, NO_ANSWER_AFTER)
        : failed(ERRNO.ENETUNREACH, REFUSED_AFTER);
    }
    if (way.state === "silent") return failed(ERRNO.ETIMEDOUT, NO_ANSWER_AFTER);
    return this.#reachEndpoint(target, to, way.iface, this.#latency(way.iface));
  }

  /**
   * Probes an address from user space, as the network port does. EHOSTUNREACH if no ARP answer comes, ETIMEDOUT if the
   * timeout is up first.
   */
  probe(target: ProbeTarget): ProbeOutcome {
    const outcome = this.reach({ ...target, transport: "tcp" });
    const give = (errno: number, after: number): ProbeOutcome =>
      after >= target.timeout
        ? { ok: false, errno: ERRNO.ETIMEDOUT, after: target.timeout }
        : { ok: false, errno, after: Milliseconds(after) };
    if (outcome.kind === "errno") {
      return give(outcome.errno === ERRNO.ETIMEDOUT ? ERRNO.EHOSTUNREACH : outcome.errno, outcome.after);
    }
    const roundTrip = 2 * outcome.latency + 1;
    const state = outcome.listener.state;
    if (state === "up" || target.depth === "tcp") {
      const after = target.depth === "tcp" ? roundTrip : 2 * roundTrip;
      return after >= target.timeout ? give(ERRNO.ETIMEDOUT, after) : { ok: true, after: Milliseconds(after) };
    }
    if (state === "closes") return give(ERRNO.ECONNRESET, 2 * roundTrip);
    if (state === "garbage") return give(ERRNO.EBADMSG, 2 * roundTrip);
    return give(ERRNO.ETIMEDOUT, target.timeout);
  }

  #reachWithoutIp(target: ReachTarget): Plan {
    const there = this.listenersAt(target.transport, target.traddr, target.trsvcid);
    // A loop controller without a port: 25 ms to EIO (6.12-cloud.s3.log).
    if (there.length === 0 && target.transport === "loop") return failed(ERRNO.EIO, REFUSED_AFTER);
    // No listener at a Fibre Channel address: 2 ms to ENOENT (test/lab/checks/transports.ts).
    if (there.length === 0) return failed(ERRNO.ENOENT, REFUSED_AFTER);
    return { kind: "endpoint", there, srcAddr: "", iface: "", latency: Milliseconds(0) };
  }

  #reachLocal(target: ReachTarget, owner: string, bound: string): Plan {
    if (bound !== "" && bound !== owner) return failed(ERRNO.ETIMEDOUT, NO_ANSWER_AFTER);
    const there = this.listenersAt(target.transport, target.traddr, target.trsvcid);
    const srcAddr = target.hostTraddr === "" ? target.traddr : target.hostTraddr;
    const iface = bound === "" ? LOOPBACK : bound;
    return { kind: "endpoint", there, srcAddr, iface, latency: Milliseconds(0) };
  }

  #reachEndpoint(target: ReachTarget, to: NetAddress, iface: string, latency: Milliseconds): Plan {
    const there = this.listenersAt(target.transport, target.traddr, target.trsvcid);
    if (there.length === 0 && !this.#hosts.has(to.key)) return failed(ERRNO.ETIMEDOUT, NO_ANSWER_AFTER);
    const srcAddr = target.hostTraddr === "" ? this.#sourceFor(to, iface) : target.hostTraddr;
    return { kind: "endpoint", there, srcAddr, iface, latency };
  }

  #listenerKey(transport: Transport, traddr: string, trsvcid: string): string {
    if (transport === "loop") return `loop ${traddr}`;
    if (transport === "fc") return `fc ${traddr.toLowerCase().replaceAll("0x", "")}`;
    return `${transport} ${parseNetAddress(traddr)?.key ?? traddr} ${trsvcid}`;
  }

  /** The interface that has an address of this host. */
  #ownerOf(text: string): string | undefined {
    const address = parseNetAddress(text);
    if (address === undefined) return undefined;
    if (isLoopback(address)) return LOOPBACK;
    for (const iface of this.#ifaces) {
      if (iface.prefixes.some((prefix) => prefix.address.key === address.key)) return iface.name;
    }
    return undefined;
  }

  #wayTo(to: NetAddress, bound: string): Way | undefined {
    let best: Way | undefined;
    const offer = (way: Way): void => {
      if (way.state !== "down" && (bound === "" || bound === way.iface) && way.bits > (best?.bits ?? -1)) best = way;
    };
    for (const { name, prefixes } of this.#ifaces) {
      const state = this.linkState(name);
      for (const prefix of prefixes) if (within(to, prefix)) offer({ iface: name, state, bits: prefix.bits });
      if (bound === name && isLinkLocal(to)) offer({ iface: name, state, bits: 64 });
    }
    for (const route of this.#routes) {
      if (!within(to, route.prefix) || !this.hasInterface(route.hostIface)) continue;
      const link = this.linkState(route.hostIface);
      offer({ iface: route.hostIface, state: link === "up" ? route.state : link, bits: route.prefix.bits });
    }
    return best;
  }

  #sourceFor(to: NetAddress, name: string): string {
    const iface = this.#ifaces.find((candidate) => candidate.name === name);
    if (iface === undefined) return "";
    let source = "";
    for (const [index, prefix] of iface.prefixes.entries()) {
      if (prefix.address.family !== to.family) continue;
      if (within(to, prefix)) return iface.texts[index] ?? "";
      if (source === "") source = iface.texts[index] ?? "";
    }
    return source;
  }

  #latency(hostIface: string): Milliseconds {
    return this.#links.get(hostIface)?.latency ?? Milliseconds(0);
  }

  #setRoute(to: string, hostIface: string, state: LinkState): void {
    const prefix = routePrefix(to);
    if (prefix === undefined) throw new NetworkMisuse(`${to} is not a valid route destination`);
    const same = this.#routes.find(
      (route) =>
        route.hostIface === hostIface &&
        route.prefix.bits === prefix.bits &&
        route.prefix.address.key === prefix.address.key,
    );
    if (same === undefined) this.#routes.push({ prefix, hostIface, state });
    else same.state = state;
  }

  #setInterface(spec: InterfaceSpec): void {
    const index = this.#ifaces.findIndex((iface) => iface.name === spec.name);
    if (index === -1) this.#ifaces.push(makeIface(spec));
    else this.#ifaces[index] = makeIface(spec);
  }

  /** Addresses, routes and the link belong to the interface, and stay. */
  #renameInterface(name: string, to: string): void {
    const index = this.#ifaces.findIndex((iface) => iface.name === name);
    const iface = this.#ifaces[index];
    if (iface !== undefined) this.#ifaces[index] = { ...iface, name: to };
    for (const route of this.#routes) if (route.hostIface === name) route.hostIface = to;
    const link = this.#links.get(name);
    this.#links.delete(name);
    if (link !== undefined) this.#links.set(to, link);
  }

  #removeInterface(name: string): void {
    const index = this.#ifaces.findIndex((iface) => iface.name === name);
    if (index !== -1) this.#ifaces.splice(index, 1);
  }
}
