import { later, Milliseconds } from "../../core/domain/units.js";
import type { MdnsPort } from "../../core/ports/mdns.js";
import type { Cancel, SimClock } from "./clock.js";
import { answersTo, isKnown, isShared, readQuery, RECORD_TYPES, serviceMessage } from "./dns.js";
import type { NetworkAction } from "./net/actions.js";
import type { NetworkModel } from "./net/paths.js";
import type { SimProcess } from "./process.js";
import { randomStream, type RandomStream } from "./random.js";
import type { LinkState, MdnsFault, NetworkSpec, ResponderSpec } from "./spec.js";

/** A responder delays shared records by 20 to 120 ms, but not unique records (RFC 6762, 6). */
const SHARED_ANSWER = { after: 20, spread: 101 } as const;
const UNIQUE_ANSWER = { after: 1, spread: 10 } as const;
/** It waits longer if more known answers follow (RFC 6762, 7.2). */
const CONTINUED_ANSWER = { after: 400, spread: 101 } as const;

/** A responder sends no record again within this time on an interface and family (RFC 6762, 6). */
const SENT_AGAIN_AFTER = Milliseconds(1000);

/** What can be done to mDNS on the links of the host. */
export type MdnsAction =
  | { readonly kind: "announce"; readonly responder: ResponderSpec }
  /** `responder`: its id. */
  | { readonly kind: "goodbye"; readonly responder: string }
  | { readonly kind: "mdns"; readonly fault: MdnsFault }
  /** Any host on a link sends an mDNS datagram of any content, in hex. */
  | { readonly kind: "datagram"; readonly hostIface: string; readonly from: string; readonly hex: string };

/** Whose each of these actions is: see `TARGETS`. */
export const MDNS_ACTIONS: Readonly<Record<MdnsAction["kind"], "mdns">> = {
  announce: "mdns",
  goodbye: "mdns",
  mdns: "mdns",
  datagram: "mdns",
};

type Family = "ipv4" | "ipv6";

/** A responder sends an announcement twice (RFC 6762, 8.3). */
const ANNOUNCED_AGAIN_AFTER = Milliseconds(1000);

/** One datagram on a link. Nominal, not measured. */
const DATAGRAM_TAKES = Milliseconds(1);

/** A listener on the links, apart from the daemons' own sockets. */
export interface LinkListener {
  announced(responder: ResponderSpec): void;
  goodbye(responder: ResponderSpec): void;
  /** The link passes datagrams again, or no longer. */
  linkChanged(hostIface: string, state: LinkState | "removed"): void;
}

/** A process. It joins the multicast group of an interface when it sends there. */
interface Member {
  readonly process: SimProcess;
  /** Interface and family, as `wayOf` writes them. */
  readonly joined: Set<string>;
}

/** An answer that a responder has not sent yet. */
interface Held {
  readonly responder: ResponderSpec;
  /** The types of the records that were asked for. */
  readonly asked: readonly number[];
  readonly wayOfQuery: string;
  readonly cancel: Cancel;
}

/** A datagram on its way to the listeners of an interface. */
interface Flight {
  readonly hostIface: string;
  readonly family: Family;
  readonly from: string;
  readonly datagram: Uint8Array;
}

function wayOf(hostIface: string, family: Family): string {
  return `${hostIface} ${family}`;
}

/**
 * Responders on the links of a simulated host. They answer queries, announce themselves and say goodbye. While a link is
 * not up, nothing that they send arrives. A daemon's socket receives on an interface and family once it has sent there,
 * and also receives its own datagrams. A responder uses each family that it has an address of.
 */
export class MdnsLinks {
  readonly #clock: SimClock;
  readonly #network: NetworkModel;
  /** By id. Hosts of one responder have different ids. */
  readonly #responders = new Map<string, ResponderSpec>();
  /** The ids of each responder's hosts. */
  readonly #hosts = new Map<string, readonly string[]>();
  /** When a responder's record was last sent, by `recordOf`. */
  readonly #sentAt = new Map<string, Milliseconds>();
  readonly #links = new Map<string, LinkState>();
  readonly #members: Member[] = [];
  readonly #listeners: LinkListener[] = [];
  readonly #held = new Set<Held>();
  readonly #draws: RandomStream;
  readonly #losses: RandomStream;
  #fault: MdnsFault = { kind: "pass" };

  constructor(clock: SimClock, network: NetworkModel, spec: NetworkSpec, seed: number) {
    this.#draws = randomStream(seed, "mdns answers");
    this.#losses = randomStream(seed, "mdns losses");
    this.#clock = clock;
    this.#network = network;
    for (const link of spec.links) this.#links.set(link.hostIface, link.state);
    for (const responder of spec.responders) {
      for (const one of this.#hostsOf(responder)) this.#responders.set(one.id, one);
    }
    network.onChange((change) => {
      this.#networkChanged(change);
    });
  }

  listen(listener: LinkListener): void {
    this.#listeners.push(listener);
  }

  attach(process: SimProcess): MdnsPort {
    const member: Member = { process, joined: new Set() };
    this.#members.push(member);
    process.atEnd(() => {
      this.#members.splice(this.#members.indexOf(member), 1);
    });
    return {
      send: (hostIface, family, datagram) => {
        if (!process.alive) return;
        member.joined.add(wayOf(hostIface, family));
        const own = this.#network.interfaces().find(({ name }) => name === hostIface)?.addresses;
        const source = own?.find((address) => familyOf(address) === family);
        // As in the kernel: without an address there is no source to send from.
        if (source === undefined || !this.passes(hostIface)) return;
        this.#land({ hostIface, family, from: source, datagram }, DATAGRAM_TAKES);
        if (!this.#isThinned()) this.#query(hostIface, family, datagram);
      },
      leave: (hostIface) => {
        for (const family of FAMILIES) member.joined.delete(wayOf(hostIface, family));
      },
    };
  }

  /** Announced responders on an interface whose datagrams pass. */
  heardOn(hostIface: string): readonly ResponderSpec[] {
    if (!this.passes(hostIface)) return [];
    return [...this.#responders.values()].filter((one) => one.announced && one.hostIface === hostIface);
  }

  /** Announced responders on all interfaces whose datagrams pass. */
  heard(): readonly ResponderSpec[] {
    return [...this.#responders.values()].filter((one) => one.announced && this.passes(one.hostIface));
  }

  /** Whether datagrams pass on an interface. */
  passes(hostIface: string): boolean {
    return this.#network.hasInterface(hostIface) && (this.#links.get(hostIface) ?? "up") === "up";
  }

  apply(action: MdnsAction): undefined {
    switch (action.kind) {
      case "announce":
        for (const one of this.#hostsOf(action.responder)) this.#announce(one);
        return;
      case "goodbye":
        for (const id of this.#hosts.get(action.responder) ?? []) this.#goodbye(id);
        return;
      case "mdns":
        this.#fault = action.fault;
        return;
      case "datagram":
        this.#sendRaw(action.hostIface, action.from, Buffer.from(action.hex, "hex"));
        return;
    }
  }

  #hostsOf(responder: ResponderSpec): readonly ResponderSpec[] {
    const hosts = hostsOf(responder);
    this.#hosts.set(
      responder.id,
      hosts.map(({ id }) => id),
    );
    return hosts;
  }

  #announce(spec: ResponderSpec): void {
    const responder: ResponderSpec = { ...spec, announced: true };
    this.#responders.set(spec.id, responder);
    if (!this.passes(responder.hostIface)) return;
    this.#send(responder, ttlSeconds(responder));
    this.#clock.after(ANNOUNCED_AGAIN_AFTER, () => {
      if (this.#responders.get(spec.id) === responder) this.#send(responder, ttlSeconds(responder));
    });
    for (const listener of this.#listeners) listener.announced(responder);
  }

  /** A responder says goodbye. No effect if it does not exist or is not announced. */
  #goodbye(id: string): void {
    const responder = this.#responders.get(id);
    if (responder === undefined || !responder.announced) return;
    this.#responders.set(id, { ...responder, announced: false });
    if (!this.passes(responder.hostIface)) return;
    this.#send(responder, 0);
    for (const listener of this.#listeners) listener.goodbye(responder);
  }

  #networkChanged(change: NetworkAction): void {
    switch (change.kind) {
      case "link":
        this.#links.set(change.hostIface, change.state);
        this.#changed(change.hostIface, change.state);
        return;
      case "interface":
      case "remove-interface": {
        const there = this.#network.hasInterface(change.name);
        this.#changed(change.name, there ? (this.#links.get(change.name) ?? "up") : "removed");
        return;
      }
      case "rename-interface":
        this.#renamed(change.name, change.to);
        return;
      case "route":
        return;
    }
  }

  #renamed(name: string, to: string): void {
    const state = this.#links.get(name) ?? "up";
    this.#links.set(to, state);
    this.#links.delete(name);
    for (const [id, responder] of this.#responders) {
      if (responder.hostIface === name) this.#responders.set(id, { ...responder, hostIface: to });
    }
    this.#changed(name, "removed");
    this.#changed(to, state);
  }

  #changed(hostIface: string, state: LinkState | "removed"): void {
    for (const listener of this.#listeners) listener.linkChanged(hostIface, state);
  }

  /** Sends a datagram of any content. */
  #sendRaw(hostIface: string, from: string, datagram: Uint8Array): void {
    if (this.passes(hostIface)) this.#fly({ hostIface, family: familyOf(from), from, datagram }, DATAGRAM_TAKES);
  }

  #query(hostIface: string, family: Family, datagram: Uint8Array): void {
    const query = readQuery(datagram);
    const wayOfQuery = wayOf(hostIface, family);
    // A known answer suppresses an answer that still waits.
    for (const held of this.#held) {
      if (
        held.wayOfQuery === wayOfQuery &&
        held.asked.every(isShared) &&
        isKnown(held.responder, query.known, ttlSeconds(held.responder))
      )
        this.#drop(held);
    }
    for (const responder of this.heardOn(hostIface)) {
      if (!responder.addresses.some((address) => familyOf(address) === family)) continue;
      const isPointerKnown = isKnown(responder, query.known, ttlSeconds(responder));
      const asked = [...new Set(query.questions.flatMap((question) => answersTo(responder, question)))].filter(
        (type) => !(isPointerKnown && isShared(type)) && !this.#wasSent(responder, family, type),
      );
      if (asked.length === 0) continue;
      const wait = query.continued ? CONTINUED_ANSWER : asked.some(isShared) ? SHARED_ANSWER : UNIQUE_ANSWER;
      this.#hold(responder, asked, family, wayOfQuery, Milliseconds(wait.after + this.#draws.below(wait.spread)));
    }
  }

  #hold(
    responder: ResponderSpec,
    asked: readonly number[],
    family: Family,
    wayOfQuery: string,
    after: Milliseconds,
  ): void {
    const cancel = this.#clock.after(after, () => {
      this.#held.delete(held);
      if (this.#responders.get(responder.id)?.announced === true)
        this.#speak(responder, family, ttlSeconds(responder), responder.additional ? RECORD_TYPES : asked);
    });
    const held: Held = { responder, asked, wayOfQuery, cancel };
    this.#held.add(held);
  }

  #wasSent(responder: ResponderSpec, family: Family, type: number): boolean {
    const at = this.#sentAt.get(recordOf(responder, family, type));
    return at !== undefined && this.#clock.now() - at < SENT_AGAIN_AFTER;
  }

  #drop(held: Held): void {
    this.#held.delete(held);
    held.cancel();
  }

  #send(responder: ResponderSpec, ttl: number): void {
    for (const family of FAMILIES) this.#speak(responder, family, ttl);
  }

  #speak(responder: ResponderSpec, family: Family, ttl: number, types = RECORD_TYPES): void {
    const from = responder.addresses.find((address) => familyOf(address) === family);
    if (from === undefined) return;
    for (const type of types) this.#sentAt.set(recordOf(responder, family, type), this.#clock.now());
    const datagram = serviceMessage(responder, ttl, types);
    this.#fly({ hostIface: responder.hostIface, family, from, datagram }, DATAGRAM_TAKES);
  }

  #isThinned(): boolean {
    return this.#fault.kind === "thin" && this.#losses.below(100) < this.#fault.percent;
  }

  #fly(flight: Flight, after: Milliseconds): void {
    const fault = this.#fault;
    if (fault.kind === "pass" || fault.kind === "thin") {
      if (!this.#isThinned()) this.#land(flight, after);
      return;
    }
    this.#fault = fault.count > 1 ? { ...fault, count: fault.count - 1 } : { kind: "pass" };
    switch (fault.kind) {
      case "lose":
        return;
      case "double":
        this.#land(flight, after);
        this.#land(flight, after);
        return;
      case "delay":
        this.#land(flight, later(after, fault.by));
        return;
    }
  }

  #land(flight: Flight, after: Milliseconds): void {
    this.#clock.after(after, () => {
      if (!this.passes(flight.hostIface)) return;
      const way = wayOf(flight.hostIface, flight.family);
      for (const { process, joined } of this.#members) {
        if (joined.has(way)) process.deliver({ kind: "mdns-datagram", ...flight });
      }
    });
  }
}

const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];

/** The hosts that a responder stands for. */
function hostsOf(responder: ResponderSpec): readonly ResponderSpec[] {
  const { id, instance, hostName, hosts } = responder;
  if (hosts === 1) return [responder];
  return Array.from({ length: hosts }, (_, at) => {
    const number = `-${String(at + 1)}`;
    const named = { instance: instance + number, hostName: hostName.replace(/^[^.]*/, `$&${number}`) };
    return { ...responder, ...named, id: `${id} ${number}`, hosts: 1 };
  });
}

function recordOf({ id }: ResponderSpec, family: Family, type: number): string {
  return `${id} ${family} ${String(type)}`;
}

function familyOf(address: string): Family {
  return address.includes(":") ? "ipv6" : "ipv4";
}

function ttlSeconds(responder: ResponderSpec): number {
  return Math.ceil(responder.ttl / 1000);
}
