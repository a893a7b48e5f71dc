import { Milliseconds } from "../../core/domain/units.js";
import type { MdnsPort } from "../../core/ports/mdns.js";
import type { SimClock } from "./clock.js";
import { answersTo, readQuestions, serviceMessage } from "./dns.js";
import type { NetworkModel } from "./net/paths.js";
import type { SimProcess } from "./process.js";
import type { LinkState, NetworkSpec, ResponderSpec } from "./spec.js";

/** A responder waits 20 to 120 ms with records that others may have as well (RFC 6762, 6). */
const ANSWER_TAKES = Milliseconds(20);

/** One datagram on a link. Nominal. */
const DATAGRAM_TAKES = Milliseconds(1);

/** What listens on the links besides the daemons' own sockets. */
export interface LinkListener {
  announced(responder: ResponderSpec): void;
  goodbye(responder: ResponderSpec): void;
  /** Datagrams may pass again, or pass no more. */
  linkChanged(hostIface: string, state: LinkState | "removed"): void;
}

/** A process that has sent on an interface, and so joined its multicast group. */
interface Member {
  readonly process: SimProcess;
  readonly joined: Set<string>;
}

/**
 * Responders on the links of a simulated host. They answer queries, announce and say goodbye; while a link is
 * not up, nothing they send arrives. A daemon's socket hears an interface from its first datagram there.
 */
export class MdnsLinks {
  readonly #clock: SimClock;
  readonly #network: NetworkModel;
  readonly #responders = new Map<string, ResponderSpec>();
  readonly #links = new Map<string, LinkState>();
  readonly #members: Member[] = [];
  readonly #listeners: LinkListener[] = [];

  constructor(clock: SimClock, network: NetworkModel, spec: NetworkSpec) {
    this.#clock = clock;
    this.#network = network;
    for (const link of spec.links) this.#links.set(link.hostIface, link.state);
    for (const responder of spec.responders) this.#responders.set(responder.id, responder);
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
      send: (hostIface, _family, datagram) => {
        if (!process.alive) return;
        member.joined.add(hostIface);
        this.#query(hostIface, datagram);
      },
      leave: (hostIface) => {
        member.joined.delete(hostIface);
      },
    };
  }

  /** Responders that speak on an interface and are heard there. */
  heardOn(hostIface: string): readonly ResponderSpec[] {
    if (!this.passes(hostIface)) return [];
    return [...this.#responders.values()].filter((one) => one.announced && one.hostIface === hostIface);
  }

  /** Everybody who speaks and is heard. */
  heard(): readonly ResponderSpec[] {
    return [...this.#responders.values()].filter((one) => one.announced && this.passes(one.hostIface));
  }

  /** Whether datagrams pass on an interface. */
  passes(hostIface: string): boolean {
    return this.#network.hasInterface(hostIface) && (this.#links.get(hostIface) ?? "up") === "up";
  }

  announce(spec: ResponderSpec): void {
    const responder: ResponderSpec = { ...spec, announced: true };
    this.#responders.set(spec.id, responder);
    if (!this.passes(responder.hostIface)) return;
    this.#send(responder, ttlSeconds(responder), DATAGRAM_TAKES);
    for (const listener of this.#listeners) listener.announced(responder);
  }

  /** A responder leaves in order; without effect where there is none of that name. */
  goodbye(id: string): void {
    const responder = this.#responders.get(id);
    if (responder === undefined || !responder.announced) return;
    this.#responders.set(id, { ...responder, announced: false });
    if (!this.passes(responder.hostIface)) return;
    this.#send(responder, 0, DATAGRAM_TAKES);
    for (const listener of this.#listeners) listener.goodbye(responder);
  }

  setLink(hostIface: string, state: LinkState): void {
    this.#links.set(hostIface, state);
    this.#changed(hostIface, state);
  }

  /** An interface came, went, or has other addresses. */
  interfaceChanged(hostIface: string): void {
    this.#changed(hostIface, this.#network.hasInterface(hostIface) ? (this.#links.get(hostIface) ?? "up") : "removed");
  }

  #changed(hostIface: string, state: LinkState | "removed"): void {
    for (const listener of this.#listeners) listener.linkChanged(hostIface, state);
  }

  #query(hostIface: string, datagram: Uint8Array): void {
    const questions = readQuestions(datagram);
    for (const responder of this.heardOn(hostIface)) {
      if (!questions.some((question) => answersTo(responder, question))) continue;
      this.#send(responder, ttlSeconds(responder), ANSWER_TAKES);
    }
  }

  #send(responder: ResponderSpec, ttl: number, after: Milliseconds): void {
    const { hostIface, addresses } = responder;
    const datagram = serviceMessage(responder, ttl);
    const from = addresses[0] ?? "";
    const family = from.includes(":") ? "ipv6" : "ipv4";
    this.#clock.after(after, () => {
      if (!this.passes(hostIface)) return;
      for (const { process, joined } of this.#members) {
        if (joined.has(hostIface)) process.deliver({ kind: "mdns-datagram", hostIface, family, from, datagram });
      }
    });
  }
}

function ttlSeconds(responder: ResponderSpec): number {
  return Math.ceil(responder.ttl / 1000);
}
