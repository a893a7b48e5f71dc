/** The two discovery adapters, driven by hand: Avahi over D-Bus, and our own queries on interfaces. */
import { AVAHI } from "../../../../src/adapters/real/avahi/wire.js";
import { RealDnssd } from "../../../../src/adapters/real/avahi/port.js";
import { RealBus } from "../../../../src/adapters/real/bus/port.js";
import { loadLibc } from "../../../../src/adapters/real/libc.js";
import { RealMdns } from "../../../../src/adapters/real/mdns/port.js";
import { decodeDns } from "../../../../src/core/codec/dns.js";
import { encodeDnsQuery } from "../../../../src/core/codec/dns-query.js";
import { Milliseconds, Seconds } from "../../../../src/core/domain/units.js";
import {
  emptyCache,
  expire,
  hear,
  joinServices,
  lackingRecords,
  type RecordCache,
} from "../../../../src/core/dnssd/cache.js";
import { BROWSED, SERVICE_TYPES } from "../../../../src/core/dnssd/browsed.js";
import type { DnssdService } from "../../../../src/core/ports/dnssd.js";
import type { CoreEvent } from "../../../../src/core/ports/index.js";
import type { LogRecord } from "../../../../src/core/ports/log.js";
import type { Lab } from "../../guest/lab.js";
import { waitFor } from "../../guest/wait.js";

/** The interval between queries while waiting. */
const ASK_EVERY = Milliseconds(500);

interface Discoverer {
  readonly name: string;
  /** The services that it knows, one line each. */
  services(): readonly string[];
  readonly log: readonly LogRecord[];
}

/** A service as `here ipv4 one 10.99.0.2 8009 p=tcp`. A link-local address, which the kernel chose, is `link-local`. */
function lineOf({ instance, hostIface, family, address, port, txt }: DnssdService): string {
  const shown = address.startsWith("fe80:") ? "link-local" : address;
  return [hostIface, family, instance, shown, port, ...[...txt].sort()].join(" ");
}

/** Discovers through Avahi on a bus. */
export class ByAvahi implements Discoverer {
  readonly name = "Avahi";
  readonly events: CoreEvent[] = [];
  readonly log: LogRecord[] = [];
  readonly dnssd: RealDnssd;
  readonly #found = new Map<string, DnssdService>();

  constructor(lab: Lab, address: string) {
    const deliver = (event: CoreEvent): void => {
      this.#take(event);
    };
    const log = { write: (record: LogRecord) => this.log.push(record) };
    const bus = new RealBus({ services: [], address, deliver, log });
    this.dnssd = new RealDnssd({ avahi: bus.foreign(AVAHI), deliver, log });
    lab.after(() => {
      this.dnssd.browse([]);
      bus.close();
    });
  }

  browse(): void {
    this.#found.clear();
    this.dnssd.browse(SERVICE_TYPES);
  }

  services(): readonly string[] {
    return [...this.#found.values()].map(lineOf).sort();
  }

  /** The reported states of the Avahi daemon, oldest first. */
  daemon(): readonly string[] {
    return this.events.flatMap((event) => (event.kind === "dnssd-daemon" ? [event.up ? "up" : "down"] : []));
  }

  #take(event: CoreEvent): void {
    if (event.kind === "bus-state") return;
    this.events.push(event);
    if (event.kind === "dnssd-found") this.#found.set(keyOf(event.service), event.service);
    if (event.kind === "dnssd-lost") this.#found.delete(keyOf(event));
  }
}

function keyOf({ hostIface, family, type, instance }: Omit<DnssdService, "address" | "port" | "txt">): string {
  return `${hostIface} ${family} ${type} ${instance}`;
}

/** Discovers by queries on these interfaces over both families, with the core's own cache of the answers. */
export class ByQueries implements Discoverer {
  readonly name = "our own queries";
  readonly log: LogRecord[] = [];
  readonly mdns: RealMdns;
  readonly heard: Extract<CoreEvent, { kind: "mdns-datagram" }>[] = [];
  readonly #caches: Map<string, RecordCache>;
  #askedAt = -Infinity;

  constructor(lab: Lab, interfaces: readonly string[]) {
    const loaded = loadLibc();
    if (!loaded.ok) throw new Error(loaded.because);
    this.#caches = new Map(interfaces.map((name) => [name, emptyCache()]));
    const deliver = (event: CoreEvent): void => {
      if (event.kind === "mdns-datagram") this.#hear(event);
    };
    this.mdns = new RealMdns({ libc: loaded.libc, deliver, log: { write: (record) => this.log.push(record) } });
    lab.after(() => {
      this.mdns.close();
    });
  }

  services(): readonly string[] {
    if (now() - this.#askedAt >= ASK_EVERY) this.ask();
    return [...this.#caches]
      .flatMap(([hostIface, cache]) => {
        expire(cache, now());
        return joinServices(cache, hostIface).map(({ service }) => lineOf(service));
      })
      .sort();
  }

  /** Forgets everything that was heard. */
  forget(): void {
    for (const hostIface of this.#caches.keys()) this.#caches.set(hostIface, emptyCache());
  }

  /** The lengths of the datagrams from an address, in order. */
  bytesFrom(address: string): readonly number[] {
    return this.heard.filter(({ from }) => from === address).map(({ datagram }) => datagram.length);
  }

  ask(): void {
    this.#askedAt = now();
    for (const [hostIface, cache] of this.#caches) {
      const browsed = BROWSED.map((name) => ({ name, type: "ptr" as const }));
      for (const datagram of encodeDnsQuery([...browsed, ...lackingRecords(cache)], [])) {
        for (const family of ["ipv4", "ipv6"] as const) this.mdns.send(hostIface, family, datagram);
      }
    }
  }

  #hear(event: Extract<CoreEvent, { kind: "mdns-datagram" }>): void {
    this.heard.push(event);
    const cache = this.#caches.get(event.hostIface);
    const message = decodeDns(event.datagram);
    if (message.kind === "response" && cache !== undefined) hear(cache, message.records, now());
  }
}

function now(): Milliseconds {
  return Milliseconds(performance.now());
}

/** Waits until each discoverer knows exactly these services. */
export async function allSee(
  discoverers: readonly Discoverer[],
  expected: readonly string[],
  limit: Seconds = Seconds(40),
): Promise<void> {
  const wanted = [...expected].sort().join("\n");
  for (const discoverer of discoverers) {
    await waitFor(
      `${String(expected.length)} services through ${discoverer.name}`,
      limit,
      () => discoverer.services().join("\n") === wanted,
      () =>
        `${discoverer.services().slice(0, 12).join(", ")} (log: ${discoverer.log.map(({ text }) => text).join("; ")})`,
    );
  }
}
