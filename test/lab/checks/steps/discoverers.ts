/** The two discovery adapters, driven by hand: Avahi over D-Bus, and our own queries on interfaces. */
import { AVAHI } from "../../../../src/adapters/real/avahi/wire.js";
import { RealDnssd } from "../../../../src/adapters/real/avahi/port.js";
import { RealBus } from "../../../../src/adapters/real/bus/port.js";
import { loadLibc } from "../../../../src/adapters/real/libc.js";
import { RealMdns } from "../../../../src/adapters/real/mdns/port.js";
import { decodeDns } from "../../../../src/core/codec/dns.js";
import { encodeDnsQuery } from "../../../../src/core/codec/dns-query.js";
import { Milliseconds, Seconds } from "../../../../src/core/domain/units.js";
import { askingFrom, browseSoon, followLacking, takeQuery, type Asking } from "../../../../src/core/dnssd/asking.js";
import { emptyCache, expire, hear, joinServices, type RecordCache } from "../../../../src/core/dnssd/cache.js";
import { BROWSED, SERVICE_TYPES } from "../../../../src/core/dnssd/browsed.js";
import type { DnssdService } from "../../../../src/core/ports/dnssd.js";
import type { CoreEvent } from "../../../../src/core/ports/index.js";
import type { LogRecord } from "../../../../src/core/ports/log.js";
import type { Lab } from "../../guest/lab.js";
import { waitFor } from "../../guest/wait.js";

/** The interval between looks at what is due. */
const STEP = Milliseconds(50);

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

/** Asks as the daemon asks, and keeps the answers as the daemon keeps them. */
interface Link {
  readonly cache: RecordCache;
  readonly asking: Asking;
}

/** Discovers by queries on these interfaces over both families. It asks from the start to the end of the check. */
export class ByQueries implements Discoverer {
  readonly name = "our own queries";
  readonly log: LogRecord[] = [];
  readonly mdns: RealMdns;
  readonly heard: Extract<CoreEvent, { kind: "mdns-datagram" }>[] = [];
  readonly #links = new Map<string, Link>();

  constructor(lab: Lab, interfaces: readonly string[]) {
    const loaded = loadLibc();
    if (!loaded.ok) throw new Error(loaded.because);
    for (const name of interfaces) this.#links.set(name, startLink());
    const deliver = (event: CoreEvent): void => {
      if (event.kind === "mdns-datagram") this.#hear(event);
    };
    this.mdns = new RealMdns({ libc: loaded.libc, deliver, log: { write: (record) => this.log.push(record) } });
    const steps = setInterval(() => {
      this.#step();
    }, STEP);
    lab.after(() => {
      clearInterval(steps);
      this.mdns.close();
    });
  }

  services(): readonly string[] {
    return [...this.#links]
      .flatMap(([hostIface, { cache }]) => joinServices(cache, hostIface).map(({ service }) => lineOf(service)))
      .sort();
  }

  /** Forgets everything that was heard, and asks from the start: an interface came or went. */
  forget(): void {
    for (const hostIface of this.#links.keys()) this.#links.set(hostIface, startLink());
  }

  /** The lengths of the datagrams from an address, in order. */
  bytesFrom(address: string): readonly number[] {
    return this.heard.filter(({ from }) => from === address).map(({ datagram }) => datagram.length);
  }

  /** Asks for the browsed types at once. */
  ask(): void {
    const browsed = BROWSED.map((name) => ({ name, type: "ptr" as const }));
    for (const hostIface of this.#links.keys()) this.#send(hostIface, encodeDnsQuery(browsed, []));
  }

  #step(): void {
    for (const [hostIface, { cache, asking }] of this.#links) {
      if (expire(cache, now()) !== undefined) followLacking(asking, cache, now());
      this.#send(hostIface, takeQuery(asking, cache, now()));
    }
  }

  #send(hostIface: string, datagrams: readonly Uint8Array[]): void {
    for (const datagram of datagrams) {
      for (const family of ["ipv4", "ipv6"] as const) this.mdns.send(hostIface, family, datagram);
    }
  }

  #hear(event: Extract<CoreEvent, { kind: "mdns-datagram" }>): void {
    this.heard.push(event);
    const link = this.#links.get(event.hostIface);
    const message = decodeDns(event.datagram);
    if (message.kind !== "response" || link === undefined) return;
    const { news, changed } = hear(link.cache, message.records, now());
    if (news) browseSoon(link.asking, now());
    if (changed) followLacking(link.asking, link.cache, now());
  }
}

function startLink(): Link {
  return { cache: emptyCache(), asking: askingFrom(now(), 0) };
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
      () => differences(discoverer, expected),
    );
  }
}

/** What a discoverer lacks and what it knows too much, the first few of each. */
function differences(discoverer: Discoverer, expected: readonly string[]): string {
  const known = discoverer.services();
  const few = (lines: readonly string[]): string => `${String(lines.length)} (${lines.slice(0, 12).join(", ")})`;
  const lacking = few(expected.filter((line) => !known.includes(line)));
  const surplus = few(known.filter((line) => !expected.includes(line)));
  return `lacking ${lacking}, not expected ${surplus}; log: ${discoverer.log.map(({ text }) => text).join("; ")}`;
}
