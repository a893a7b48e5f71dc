/**
 * Discovery by our own mDNS queries (RFC 6762), for hosts without Avahi: sends them on every interface, over each of its
 * address families, and handles the responses.
 */
import { decodeDns, type DnsMessage } from "../codec/dns.js";
import { DecodeError } from "../codec/error.js";
import { armAt, disarm, sayOnce, type Context } from "../state/context.js";
import { parseIp } from "../domain/ip-address.js";
import { later, Milliseconds } from "../domain/units.js";
import { MDNS_LINKS_MAX, MDNS_RECORDS_MAX, MDNS_ROUND } from "../domain/limits.js";
import type { MdnsDatagramEvent } from "../ports/mdns.js";
import type { NetworkInterface } from "../ports/network.js";
import { askingFrom, browseFromStart, browseSoon, followLacking, nextQuery, takeQuery } from "../dnssd/asking.js";
import { emptyCache, expire, hear, joinServices, nextDue, shareOf, type Goodbyes } from "../dnssd/cache.js";
import { serviceFound, serviceLost } from "./table.js";
import { serviceKey, type MdnsLink } from "../state/mdns.js";

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
      browseFromStart(link.asking, context.ports.clock.now());
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
  const now = context.ports.clock.now();
  const asking = askingFrom(now, shareOf([name, ...addresses].join(" ")));
  links.set(name, { addresses, cache: emptyCache(), asking, told: new Map(), untold: false, tellAt: now });
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
  if (heard.news) browseSoon(link.asking, now);
  if (heard.changed) link.untold = true;
  if (mayTell(link, now)) tell(context, hostIface, link, undefined);
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
    if (goodbyes !== undefined || mayTell(link, now)) tell(context, hostIface, link, goodbyes);
    for (const datagram of takeQuery(link.asking, link.cache, now)) {
      for (const family of familiesOf(link.addresses)) context.ports.mdns.send(hostIface, family, datagram);
    }
  }
  armCache(context);
}

/** A burst of datagrams costs one look at all the records per `MDNS_ROUND`, not one per datagram. */
function mayTell({ untold, tellAt }: MdnsLink, now: Milliseconds): boolean {
  return untold && tellAt <= now;
}

/** Tells the table which services the records of an interface now join to. Asks for missing records. */
function tell(context: Context, hostIface: string, link: MdnsLink, goodbyes: Goodbyes | undefined): void {
  const now = context.ports.clock.now();
  link.untold = false;
  link.tellAt = later(now, MDNS_ROUND);
  const joined = joinServices(link.cache, hostIface);
  const present = new Set(joined.map(({ service }) => serviceKey(service)));
  for (const [key, names] of [...link.told]) {
    if (present.has(key)) continue;
    link.told.delete(key);
    const by = names.some((name) => goodbyes?.has(name) === true) ? "goodbye" : "expiry";
    if (by === "expiry") browseSoon(link.asking, now);
    serviceLost(context, key, by);
  }
  for (const { service, names } of joined) {
    link.told.set(serviceKey(service), names);
    serviceFound(context, service);
  }
  followLacking(link.asking, link.cache, now);
}

function familiesOf(addresses: readonly string[]): readonly ("ipv4" | "ipv6")[] {
  const families = new Set(addresses.map((address) => parseIp(address)?.family));
  return (["ipv4", "ipv6"] as const).filter((family) => families.has(family));
}

function armCache(context: Context): void {
  let next: Milliseconds | undefined;
  for (const { cache, asking, untold, tellAt } of context.state.mdns.links.values()) {
    const asks = Math.max(asking.restsUntil, Math.min(nextDue(cache) ?? Infinity, nextQuery(asking)));
    const due = untold ? Math.min(asks, tellAt) : asks;
    if (next === undefined || due < next) next = Milliseconds(due);
  }
  armAt(context, { kind: "mdns-cache" }, next);
}
