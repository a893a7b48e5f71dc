/**
 * Discovery by our own mDNS queries (RFC 6762), for hosts without Avahi: sends them on every interface, over each of its
 * address families, and handles the responses.
 */
import { decodeDns, type DnsMessage } from "../codec/dns.js";
import { dnsNameKey } from "../codec/dns-name.js";
import { encodeDnsQuery, type DnsQuestion } from "../codec/dns-query.js";
import { DecodeError } from "../codec/error.js";
import { armAt, disarm, sayOnce, type Context } from "../state/context.js";
import { parseIp } from "../domain/ip-address.js";
import { later, Milliseconds } from "../domain/units.js";
import {
  MDNS_LINKS_MAX,
  MDNS_QUERY_FIRST,
  MDNS_QUERY_GROWTH,
  MDNS_QUERY_LONGEST,
  MDNS_QUESTIONS_MAX,
  MDNS_RECORDS_MAX,
} from "../domain/limits.js";
import type { MdnsDatagramEvent } from "../ports/mdns.js";
import type { NetworkInterface } from "../ports/network.js";
import { BROWSED } from "../dnssd/browsed.js";
import {
  emptyCache,
  expire,
  hear,
  joinServices,
  knownPointers,
  lackingRecords,
  nextDue,
  shareOf,
  takeRefreshes,
  type Goodbyes,
} from "../dnssd/cache.js";
import { serviceFound, serviceLost } from "./table.js";
import { serviceKey, type MdnsLink } from "../state/mdns.js";

/** The first query waits 20 to 120 ms, so that hosts that start together do not ask together (RFC 6762, 5.2). */
const FIRST_QUERY_AFTER = Milliseconds(20);
const FIRST_QUERY_SPREAD = Milliseconds(100);

/** Starts to query on every interface. */
export function openLinks(context: Context): void {
  for (const one of context.state.interfaces) openLink(context, one);
  armCache(context);
}

/** Stops all queries. The table keeps its services. */
export function closeLinks(context: Context): void {
  for (const hostIface of context.state.mdns.links.keys()) context.ports.mdns.leave(hostIface);
  context.state.mdns.links.clear();
  disarm(context, { kind: "mdns-cache" });
}

/**
 * Interfaces came, went, or have other addresses. Forgets what was heard on those that are gone, and queries on the others
 * from the start.
 */
export function followInterfaces(context: Context): void {
  const { mdns, interfaces } = context.state;
  const byName = new Map(interfaces.map((one) => [one.name, one]));
  for (const [hostIface, link] of [...mdns.links]) {
    const there = byName.get(hostIface);
    if (there === undefined) {
      context.ports.mdns.leave(hostIface);
      mdns.links.delete(hostIface);
      for (const key of link.told.keys()) serviceLost(context, key, "interface");
    } else {
      if (there.addresses.join() !== link.addresses.join()) context.ports.mdns.leave(hostIface);
      link.addresses = there.addresses;
      queryAgain(context, hostIface, link);
    }
  }
  for (const one of interfaces) if (!mdns.links.has(one.name)) openLink(context, one);
  armCache(context);
}

function openLink(context: Context, { name, addresses }: NetworkInterface): void {
  const { links } = context.state.mdns;
  if (links.size >= MDNS_LINKS_MAX) {
    sayOnce(
      context,
      "mdns links",
      "error",
      `mDNS: there are more than ${String(MDNS_LINKS_MAX)} interfaces: the rest get no queries`,
    );
    return;
  }
  const link: MdnsLink = { addresses, cache: emptyCache(), asking: new Map(), askedAt: undefined, told: new Map() };
  links.set(name, link);
  queryAgain(context, name, link);
}

/**
 * Starts the queries for the browsed types again, at least one second after the last start. Keeps a query that is already
 * due, so that a stream of changes cannot postpone it.
 */
function queryAgain(context: Context, hostIface: string, link: MdnsLink): void {
  const now = context.ports.clock.now();
  if (link.askedAt !== undefined && link.askedAt > now) return;
  const soon = later(now, Milliseconds(FIRST_QUERY_AFTER + Math.floor(FIRST_QUERY_SPREAD * shareOf(hostIface))));
  const earliest = link.askedAt === undefined ? soon : later(link.askedAt, MDNS_QUERY_FIRST);
  const due = earliest > soon ? earliest : soon;
  link.askedAt = due;
  for (const name of BROWSED) {
    const question: DnsQuestion = { name, type: "ptr" };
    link.asking.set(questionKey(question), { question, due, pause: MDNS_QUERY_FIRST });
  }
}

function questionKey({ name, type }: DnsQuestion): string {
  return `${type} ${dnsNameKey(name)}`;
}

/**
 * Handles a datagram. Ignores queries, which include our own on their way back, and responses from an address that a
 * neighbour cannot have (RFC 6762, 11).
 */
export function onDatagram(context: Context, { hostIface, family, from, datagram }: MdnsDatagramEvent): void {
  const link = context.state.mdns.links.get(hostIface);
  if (link === undefined || !isNeighbour(from, family)) return;
  let message: DnsMessage;
  try {
    message = decodeDns(datagram);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    sayOnce(
      context,
      `mdns datagram ${hostIface}`,
      "info",
      `mDNS: a datagram on ${hostIface} is not valid mDNS: ${error.problem}; further ones are not logged`,
    );
    return;
  }
  if (message.kind === "query" || message.records.length === 0) return;
  const now = context.ports.clock.now();
  const heard = hear(link.cache, message.records, now);
  if (heard.full) {
    const text = `mDNS: more than ${String(MDNS_RECORDS_MAX)} records are announced on ${hostIface}: the rest is ignored`;
    sayOnce(context, `mdns records ${hostIface}`, "error", text);
  }
  if (heard.changed) tell(context, hostIface, link, undefined);
  if (heard.touched) armCache(context);
}

function isNeighbour(from: string, family: "ipv4" | "ipv6"): boolean {
  const address = parseIp(from);
  return address?.family === family && !/^(0\.|127\.|22[4-9]\.|2[3-5]\d\.|::1?$|ff)/.test(address.text);
}

/** The timer fired: removes expired records and sends what is due. */
export function onCacheTimer(context: Context): void {
  const now = context.ports.clock.now();
  for (const [hostIface, link] of context.state.mdns.links) {
    const goodbyes = expire(link.cache, now);
    if (goodbyes !== undefined) tell(context, hostIface, link, goodbyes);
    ask(context, hostIface, link, now);
  }
  armCache(context);
}

/** Tells the table which services the records of an interface now join to. Asks for missing records. */
function tell(context: Context, hostIface: string, link: MdnsLink, goodbyes: Goodbyes | undefined): void {
  const joined = joinServices(link.cache, hostIface);
  const present = new Set(joined.map(({ service }) => serviceKey(service)));
  for (const [key, names] of [...link.told]) {
    if (present.has(key)) continue;
    link.told.delete(key);
    serviceLost(context, key, names.some((name) => goodbyes?.has(name) === true) ? "goodbye" : "expiry");
  }
  for (const { service, names } of joined) {
    link.told.set(serviceKey(service), names);
    serviceFound(context, service);
  }
  askForLacking(context, link);
}

/** Asks at once for missing records. Stops asking for those that arrived or belong to nothing now. */
function askForLacking({ ports }: Context, link: MdnsLink): void {
  const lacking = new Map<string, DnsQuestion>();
  for (const question of lackingRecords(link.cache)) {
    if (lacking.size < MDNS_QUESTIONS_MAX) lacking.set(questionKey(question), question);
  }
  for (const [key, { question }] of [...link.asking]) {
    if (question.type !== "ptr" && !lacking.has(key)) link.asking.delete(key);
  }
  for (const [key, question] of lacking) {
    if (!link.asking.has(key)) link.asking.set(key, { question, due: ports.clock.now(), pause: MDNS_QUERY_FIRST });
  }
}

/** Sends what is due, in one query per family. */
function ask(context: Context, hostIface: string, link: MdnsLink, now: Milliseconds): void {
  const questions = new Map<string, DnsQuestion>();
  for (const question of takeRefreshes(link.cache, now)) questions.set(questionKey(question), question);
  for (const [key, { question, due, pause }] of link.asking) {
    if (due > now) continue;
    questions.set(key, question);
    const next = Milliseconds(Math.min(pause * MDNS_QUERY_GROWTH, MDNS_QUERY_LONGEST));
    link.asking.set(key, { question, due: later(now, pause), pause: next });
  }
  if (questions.size === 0) return;
  const asked = [...questions.values()];
  const known = asked.some(({ type }) => type === "ptr") ? knownPointers(link.cache, now) : [];
  for (const datagram of encodeDnsQuery(asked, known)) {
    for (const family of familiesOf(link.addresses)) context.ports.mdns.send(hostIface, family, datagram);
  }
}

function familiesOf(addresses: readonly string[]): readonly ("ipv4" | "ipv6")[] {
  const families = new Set(addresses.map((address) => parseIp(address)?.family));
  return (["ipv4", "ipv6"] as const).filter((family) => families.has(family));
}

function armCache(context: Context): void {
  const { mdns } = context.state;
  let next: Milliseconds | undefined;
  const offer = (due: Milliseconds | undefined): void => {
    if (due !== undefined && (next === undefined || due < next)) next = due;
  };
  for (const { cache, asking } of mdns.links.values()) {
    offer(nextDue(cache));
    for (const { due } of asking.values()) offer(due);
  }
  armAt(context, { kind: "mdns-cache" }, next);
}
