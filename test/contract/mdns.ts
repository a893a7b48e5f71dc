import { decodeDns } from "../../src/core/codec/dns.js";
import { encodeDnsQuery } from "../../src/core/codec/dns-query.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import { BROWSED } from "../../src/core/dnssd/browsed.js";
import type { MdnsDatagramEvent } from "../../src/core/ports/mdns.js";
import type { Behaviour } from "./behaviour.js";
import type { Announcement, ContractHost } from "./host.js";
import { LATE, suiteOf } from "./kit.js";
import { ANNOUNCED } from "./stage.js";

const behaviour = suiteOf("mdns");

const ONE: Announcement = { instance: "one", port: 8009, txt: ["p=tcp"] };
const ANSWER = `announced: one, from ${ANNOUNCED.far}`;
const GOODBYE = `goodbye: one, from ${ANNOUNCED.far}`;
const OWN = `query: _nvme-disc._tcp, from ${ANNOUNCED.own}`;

const [QUERY = new Uint8Array()] = encodeDnsQuery(
  BROWSED.slice(0, 1).map((name) => ({ name, type: "ptr" })),
  [],
);

/** Our query and the services that were heard, each once, in order of first arrival. */
function heard(host: ContractHost): readonly string[] {
  const lines = host.delivered.flatMap(({ event }) => (event.kind === "mdns-datagram" ? linesOf(event) : []));
  return [...new Set(lines)];
}

function linesOf({ hostIface, family, from, datagram }: MdnsDatagramEvent): readonly string[] {
  if (hostIface !== ANNOUNCED.hostIface || family !== "ipv4") return [`${hostIface} ${family}`];
  if (Buffer.compare(datagram, QUERY) === 0) return [`query: _nvme-disc._tcp, from ${from}`];
  const { kind, records } = decodeDns(datagram);
  if (kind === "query") return [];
  return records.flatMap(({ data, ttl }) => {
    if (data.kind !== "ptr" || data.target[1] !== "_nvme-disc") return [];
    return [`${ttl === 0 ? "goodbye" : "announced"}: ${data.target[0] ?? ""}, from ${from}`];
  });
}

async function until(host: ContractHost, what: string): Promise<void> {
  await host.until(what, () => (heard(host).includes(what) ? true : undefined), LATE);
}

/** Leaves the link and stops announcing at the end. */
function listening(name: string, expected: readonly string[], run: (host: ContractHost) => Promise<void>): Behaviour {
  return behaviour(name, expected, async (host) => {
    await run(host);
    const seen = heard(host);
    host.ports.mdns.leave(ANNOUNCED.hostIface);
    host.discovery.goodbye(ONE.instance);
    await host.sleep(Milliseconds(3_000));
    return seen;
  });
}

function ask(host: ContractHost, hostIface: string = ANNOUNCED.hostIface): void {
  host.ports.mdns.send(hostIface, "ipv4", QUERY);
}

export const MDNS: readonly Behaviour[] = [
  listening("a query is answered, and its sender hears it too", [OWN, ANSWER], async (host) => {
    host.discovery.announce(ONE);
    await host.sleep(Milliseconds(5_000));
    ask(host);
    await until(host, ANSWER);
  }),
  listening("announcements and goodbyes are heard without another query", [OWN, ANSWER, GOODBYE], async (host) => {
    ask(host);
    await until(host, OWN);
    host.discovery.announce(ONE);
    await until(host, ANSWER);
    host.discovery.goodbye(ONE.instance);
    await until(host, GOODBYE);
  }),
  listening("nothing is heard before the first query or after leaving the interface", [OWN], async (host) => {
    host.discovery.announce(ONE);
    await host.sleep(Milliseconds(5_000));
    host.discovery.goodbye(ONE.instance);
    await host.sleep(Milliseconds(3_000));
    ask(host);
    await until(host, OWN);
    host.ports.mdns.leave(ANNOUNCED.hostIface);
    host.discovery.announce(ONE);
    await host.sleep(Milliseconds(5_000));
  }),
  listening("a query on an interface that does not exist is lost", [OWN], async (host) => {
    ask(host, "nope0");
    ask(host);
    await until(host, OWN);
  }),
];
