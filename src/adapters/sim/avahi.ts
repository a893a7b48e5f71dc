import { Milliseconds } from "../../core/domain/units.js";
import type { DnssdPort, DnssdService } from "../../core/ports/dnssd.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { Cancel, SimClock } from "./clock.js";
import type { LinkListener, MdnsLinks } from "./mdns.js";
import { parseNetAddress } from "./net/address.js";
import type { SimProcess } from "./process.js";
import type { LinkState, NetworkSpec, ResponderSpec } from "./spec.js";

/** From a new item to its resolved service: 2 ms (measured on avahi-daemon). */
const RESOLVE_TAKES = Milliseconds(2);

/** A cache keeps a record with TTL 0 for one more second (RFC 6762, 10.1). */
const GOODBYE_TAKES = Milliseconds(1000);

const SIGNAL_TAKES = Milliseconds(1);

/** A process that browses. */
interface Browser {
  readonly process: SimProcess;
  types: ReadonlySet<string>;
}

/** One service over one family in the daemon's cache. */
interface Cached {
  readonly responder: string;
  service: DnssdService;
  /** Cancels the timer that removes the entry, after its TTL or its goodbye. */
  expiry: Cancel;
}

type Daemon = "up" | "down" | "absent";

/** Starts or stops the daemon. If it is absent, its first start installs it. */
export interface AvahiAction {
  readonly kind: "avahi";
  readonly state: "up" | "down";
}

/** Whose each of these actions is: see `TARGETS`. */
export const AVAHI_ACTIONS: Readonly<Record<AvahiAction["kind"], "avahi">> = { avahi: "avahi" };

/**
 * A simulated avahi-daemon. It finds services that are announced on working links, and queries again before a TTL ends.
 * It loses a service after its goodbye or after a silent TTL, and at once if its interface goes down. While the daemon
 * is down it finds and loses nothing. It comes back with an empty cache.
 */
export class SimAvahi implements LinkListener {
  readonly #clock: SimClock;
  readonly #links: MdnsLinks;
  readonly #browsers: Browser[] = [];
  readonly #cache = new Map<string, Cached>();
  #state: Daemon;

  constructor(clock: SimClock, links: MdnsLinks, spec: NetworkSpec) {
    this.#clock = clock;
    this.#links = links;
    this.#state = spec.avahi;
    links.listen(this);
    if (this.#state === "up") this.#hearAll();
  }

  attach(process: SimProcess): DnssdPort {
    const browser: Browser = { process, types: new Set() };
    this.#browsers.push(browser);
    process.atEnd(() => {
      this.#browsers.splice(this.#browsers.indexOf(browser), 1);
    });
    return {
      browse: (types) => {
        if (process.alive) this.#browse(browser, types);
      },
    };
  }

  apply({ state }: AvahiAction): undefined {
    if (this.#state === state) return;
    this.#state = state;
    for (const cached of this.#cache.values()) cached.expiry();
    this.#cache.clear();
    for (const browser of this.#browsers) {
      if (browser.types.size > 0) this.#tell(browser, { kind: "dnssd-daemon", up: state === "up" });
    }
    if (state === "up") this.#hearAll();
  }

  announced(responder: ResponderSpec): void {
    if (this.#state !== "up") return;
    const services = servicesOf(responder);
    for (const [key, cached] of this.#cache) {
      if (cached.responder === responder.id && !services.some((one) => keyOf(one) === key)) this.#lose(key, cached);
    }
    for (const service of services) this.#hear(responder, service);
  }

  goodbye(responder: ResponderSpec): void {
    for (const [key, cached] of this.#cache) {
      if (cached.responder === responder.id) this.#expireAfter(key, cached, GOODBYE_TAKES);
    }
  }

  linkChanged(hostIface: string, state: LinkState | "removed"): void {
    if (this.#state !== "up" || state === "silent") return;
    if (state === "up") {
      for (const responder of this.#links.heardOn(hostIface)) this.announced(responder);
      return;
    }
    for (const [key, cached] of this.#cache) if (cached.service.hostIface === hostIface) this.#lose(key, cached);
  }

  #hearAll(): void {
    for (const responder of this.#links.heard()) this.announced(responder);
  }

  #hear(responder: ResponderSpec, service: DnssdService): void {
    const key = keyOf(service);
    const known = this.#cache.get(key);
    if (known === undefined) {
      const cached: Cached = { responder: responder.id, service, expiry: () => undefined };
      this.#cache.set(key, cached);
      this.#keep(key, cached, responder.ttl);
      this.#found(key, service);
      return;
    }
    const { address, port, txt } = known.service;
    const changed = address !== service.address || port !== service.port || txt.join("\n") !== service.txt.join("\n");
    this.#keep(key, known, responder.ttl);
    if (!changed) return;
    known.service = service;
    this.#found(key, service);
  }

  /** Keeps an entry for its TTL. The daemon queries before the TTL ends, and an answer keeps the entry for another TTL. */
  #keep(key: string, cached: Cached, ttl: Milliseconds): void {
    cached.expiry();
    cached.expiry = this.#clock.after(Milliseconds(Math.max(1, ttl)), () => {
      const { service, responder } = cached;
      const still = this.#links.heardOn(service.hostIface).some((one) => one.id === responder);
      if (still) this.#keep(key, cached, ttl);
      else this.#lose(key, cached);
    });
  }

  #expireAfter(key: string, cached: Cached, after: Milliseconds): void {
    cached.expiry();
    cached.expiry = this.#clock.after(after, () => {
      this.#lose(key, cached);
    });
  }

  #lose(key: string, cached: Cached): void {
    cached.expiry();
    this.#cache.delete(key);
    const { instance, type, hostIface, family } = cached.service;
    const event: CoreEvent = { kind: "dnssd-lost", instance, type, hostIface, family };
    for (const browser of this.#browsers) if (browser.types.has(type)) this.#tell(browser, event);
  }

  #found(key: string, service: DnssdService): void {
    for (const browser of this.#browsers) if (browser.types.has(service.type)) this.#tellFound(browser, key, service);
  }

  /** An item that goes away before it is resolved is never found. */
  #tellFound(browser: Browser, key: string, service: DnssdService): void {
    this.#clock.after(RESOLVE_TAKES, () => {
      if (this.#cache.get(key)?.service === service) browser.process.deliver({ kind: "dnssd-found", service });
    });
  }

  #tell(browser: Browser, event: CoreEvent): void {
    this.#clock.after(SIGNAL_TAKES, () => {
      browser.process.deliver(event);
    });
  }

  #browse(browser: Browser, types: readonly string[]): void {
    browser.types = new Set(types);
    if (types.length === 0) return;
    this.#tell(browser, { kind: "dnssd-daemon", up: this.#state === "up" });
    for (const [key, { service }] of this.#cache) {
      if (browser.types.has(service.type)) this.#tellFound(browser, key, service);
    }
  }
}

/** The services of a responder: one per family, at its first address of that family. */
function servicesOf({ instance, type, hostIface, port, txt, addresses }: ResponderSpec): readonly DnssdService[] {
  const services: DnssdService[] = [];
  for (const address of addresses) {
    const parsed = parseNetAddress(address);
    if (parsed === undefined) continue;
    const family = parsed.family === 4 ? "ipv4" : "ipv6";
    if (services.some((one) => one.family === family)) continue;
    services.push({ instance, type, hostIface, family, address, port, txt });
  }
  return services;
}

function keyOf({ instance, type, hostIface, family }: DnssdService): string {
  return `${hostIface} ${family} ${type} ${instance}`;
}
