/**
 * The records heard on one interface, and the services that they join to (RFC 6762, 10; RFC 6763, 4). Pure: it looks at no
 * clock, and asks nobody. Kept are pointers to instances of what is browsed, the records of such instances, and the addresses
 * of the hosts these name.
 */
import type { DnsData, DnsKind, DnsRecord } from "../codec/dns.js";
import { dnsNameKey, type DnsName } from "../codec/dns-name.js";
import type { DnsQuestion, KnownAnswer } from "../codec/dns-query.js";
import { later, Milliseconds } from "../domain/units.js";
import { MDNS_RECORDS_MAX, MDNS_TTL_MAX } from "../limits.js";
import type { DnssdService } from "../ports/dnssd.js";
import { BROWSED, browsedName, isBrowsed, SERVICE_TYPES } from "./browsed.js";

/** A goodbye, and what another record replaced, is kept this long (RFC 6762, 10.1 and 10.2). */
export const LAST_SECOND = Milliseconds(1_000);

/** When a record is asked for again, as a share of its time to live (RFC 6762, 5.2), and how far that is spread. */
const REFRESH_AT = [0.8, 0.85, 0.9, 0.95] as const;
const REFRESH_SPREAD = 0.02;

export interface CachedRecord {
  readonly name: DnsName;
  readonly data: DnsData;
  readonly heardAt: Milliseconds;
  readonly lifetime: Milliseconds;
  expiresAt: Milliseconds;
  /** How often it was asked for again in this lifetime. */
  refreshes: number;
  /** Why it has only its last second, if it has. */
  ending: "no" | "goodbye" | "replaced";
}

/** The records of one name and kind, by their data, in the order in which they came to be known. */
type RecordSet = Map<string, CachedRecord>;

export interface RecordCache {
  /** By `setKey`. */
  readonly sets: Map<string, RecordSet>;
}

export function emptyCache(): RecordCache {
  return { sets: new Map() };
}

function setKey(kind: DnsKind, name: DnsName): string {
  return `${kind} ${dnsNameKey(name)}`;
}

function dataKey(data: DnsData): string {
  switch (data.kind) {
    case "ptr":
      return dnsNameKey(data.target);
    case "srv":
      return `${String(data.port)} ${dnsNameKey(data.target)}`;
    case "txt":
      return data.strings.join("\0");
    case "a":
    case "aaaa":
      return data.address;
  }
}

function recordsOf(cache: RecordCache, kind: DnsKind, name: DnsName): readonly CachedRecord[] {
  return [...(cache.sets.get(setKey(kind, name))?.values() ?? [])];
}

function sizeOf(cache: RecordCache): number {
  let size = 0;
  for (const set of cache.sets.values()) size += set.size;
  return size;
}

/** What a message changed. */
export type Heard = "nothing-new" | "changed" | "full";

/** Takes the records of a response in. Addresses count for hosts that are named by then, whatever their order was. */
export function hear(cache: RecordCache, records: readonly DnsRecord[], now: Milliseconds): Heard {
  let heard: Heard = "nothing-new";
  const flushed = new Set<string>();
  const take = (record: DnsRecord): void => {
    const taken = hearRecord(cache, record, now);
    if (taken !== "nothing-new" && heard !== "full") heard = taken;
    if (record.flush) flushed.add(setKey(record.data.kind, record.name));
  };
  for (const record of records) if (isOfService(record)) take(record);
  const hosts = namedHosts(cache);
  for (const record of records) {
    const isAddress = record.data.kind === "a" || record.data.kind === "aaaa";
    if (isAddress && hosts.has(dnsNameKey(record.name))) take(record);
  }
  for (const key of flushed) replaceOthers(cache.sets.get(key), now);
  return heard;
}

function isOfService({ name, data }: DnsRecord): boolean {
  switch (data.kind) {
    case "ptr":
      return isBrowsed(name) && isInstanceOf(data.target, name) && isText(data.target);
    case "srv":
      return isText(data.target) && isInstanceName(name);
    case "txt":
      return isInstanceName(name);
    case "a":
    case "aaaa":
      return false;
  }
}

function isInstanceName(name: DnsName): boolean {
  return name.length === 4 && isBrowsed(name.slice(1)) && isText(name);
}

/** A name that is not UTF-8 cannot be asked for. */
function isText(name: DnsName): boolean {
  return !name.some((label) => label.includes("\ufffd"));
}

function isInstanceOf(instance: DnsName, type: DnsName): boolean {
  return instance.length === type.length + 1 && dnsNameKey(instance.slice(1)) === dnsNameKey(type);
}

/** Keys of the hosts that instances are at. */
function namedHosts(cache: RecordCache): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const set of cache.sets.values()) {
    for (const { data } of set.values()) if (data.kind === "srv") hosts.add(dnsNameKey(data.target));
  }
  return hosts;
}

function hearRecord(cache: RecordCache, { name, ttl, data }: DnsRecord, now: Milliseconds): Heard {
  const key = setKey(data.kind, name);
  const set = cache.sets.get(key);
  const known = set?.get(dataKey(data));
  if (ttl === 0) {
    if (known !== undefined && known.ending !== "goodbye") endSoon(known, "goodbye", now);
    return "nothing-new";
  }
  if (known === undefined && sizeOf(cache) >= MDNS_RECORDS_MAX) return "full";
  const lifetime = Milliseconds(Math.min(ttl, MDNS_TTL_MAX) * 1_000);
  const entered: CachedRecord = {
    name,
    data,
    heardAt: now,
    lifetime,
    expiresAt: later(now, lifetime),
    refreshes: 0,
    ending: "no",
  };
  if (set === undefined) cache.sets.set(key, new Map([[dataKey(data), entered]]));
  else set.set(dataKey(data), entered);
  return known === undefined ? "changed" : "nothing-new";
}

function endSoon(record: CachedRecord, why: "goodbye" | "replaced", now: Milliseconds): void {
  const end = later(now, LAST_SECOND);
  record.ending = why;
  if (record.expiresAt > end) record.expiresAt = end;
}

/** What was heard within the last second is of the same announcement, or of one as good (RFC 6762, 10.2). */
function replaceOthers(set: RecordSet | undefined, now: Milliseconds): void {
  for (const record of set?.values() ?? []) {
    if (now - record.heardAt > LAST_SECOND && record.ending === "no") endSoon(record, "replaced", now);
  }
}

/** Keys of the names about which a record that ran out had said goodbye. */
export type Goodbyes = ReadonlySet<string>;

/** Drops what has run out, and addresses of hosts that nothing names any more. `undefined` where that is nothing. */
export function expire(cache: RecordCache, now: Milliseconds): Goodbyes | undefined {
  const goodbyes = new Set<string>();
  let changed = false;
  for (const [key, set] of cache.sets) {
    for (const [data, record] of set) {
      if (record.expiresAt > now) continue;
      set.delete(data);
      changed = true;
      if (record.ending === "goodbye")
        goodbyes.add(dnsNameKey(record.data.kind === "ptr" ? record.data.target : record.name));
    }
    if (set.size === 0) cache.sets.delete(key);
  }
  if (!changed) return undefined;
  const hosts = namedHosts(cache);
  for (const [key, set] of cache.sets) {
    const [first] = set.values();
    if (first === undefined || (first.data.kind !== "a" && first.data.kind !== "aaaa")) continue;
    if (!hosts.has(dnsNameKey(first.name))) cache.sets.delete(key);
  }
  return goodbyes;
}

/** A service, and the names that it stands on. */
export interface Joined {
  readonly service: DnssdService;
  readonly names: readonly string[];
}

/**
 * The services that the records join to: one a pointer and family, at the first of its host's addresses. One that lacks a
 * record is none yet.
 */
export function joinServices(cache: RecordCache, hostIface: string): readonly Joined[] {
  const joined: Joined[] = [];
  for (const type of SERVICE_TYPES) {
    for (const { data } of recordsOf(cache, "ptr", browsedName(type))) {
      if (data.kind !== "ptr") continue;
      const [instance = ""] = data.target;
      const srv = recordsOf(cache, "srv", data.target)[0]?.data;
      const txt = recordsOf(cache, "txt", data.target)[0]?.data;
      if (srv?.kind !== "srv" || txt?.kind !== "txt") continue;
      const names = [dnsNameKey(data.target), dnsNameKey(srv.target)];
      const common = { instance, type, hostIface, port: srv.port, txt: txt.strings };
      const a = recordsOf(cache, "a", srv.target)[0]?.data;
      const aaaa = recordsOf(cache, "aaaa", srv.target)[0]?.data;
      if (a?.kind === "a") joined.push({ service: { ...common, family: "ipv4", address: a.address }, names });
      if (aaaa?.kind === "aaaa") joined.push({ service: { ...common, family: "ipv6", address: aaaa.address }, names });
    }
  }
  return joined;
}

/** What is lacking to join every pointer to a service of either family. */
export function lackingRecords(cache: RecordCache): readonly DnsQuestion[] {
  const lacking: DnsQuestion[] = [];
  const asked = new Set<string>();
  const need = (type: DnsKind, name: DnsName): boolean => {
    const key = setKey(type, name);
    if (cache.sets.has(key)) return true;
    if (!asked.has(key)) lacking.push({ type, name });
    asked.add(key);
    return false;
  };
  for (const browsed of BROWSED) {
    for (const { data } of recordsOf(cache, "ptr", browsed)) {
      if (data.kind !== "ptr") continue;
      need("txt", data.target);
      if (!need("srv", data.target)) continue;
      for (const { data: srv } of recordsOf(cache, "srv", data.target)) {
        if (srv.kind !== "srv") continue;
        need("a", srv.target);
        need("aaaa", srv.target);
      }
    }
  }
  return lacking;
}

/** The pointers of which more than half of the time is left: nobody needs to tell them again (RFC 6762, 7.1). */
export function knownPointers(cache: RecordCache, now: Milliseconds): readonly KnownAnswer[] {
  const known: KnownAnswer[] = [];
  for (const browsed of BROWSED) {
    for (const { name, data, expiresAt, lifetime, ending } of recordsOf(cache, "ptr", browsed)) {
      const left = expiresAt - now;
      const ttl = Math.floor(left / 1_000);
      if (data.kind === "ptr" && ending === "no" && left * 2 > lifetime && ttl > 0)
        known.push({ name, target: data.target, ttl });
    }
  }
  return known;
}

/** What is due to be asked for again. Each record that is due counts as asked for. */
export function takeRefreshes(cache: RecordCache, now: Milliseconds): readonly DnsQuestion[] {
  const due: DnsQuestion[] = [];
  for (const [key, set] of cache.sets) {
    let isDue = false;
    for (const [data, record] of set) {
      for (let at = refreshAt(record, key, data); at !== undefined && at <= now; at = refreshAt(record, key, data)) {
        record.refreshes += 1;
        isDue = true;
      }
    }
    const [first] = set.values();
    if (isDue && first !== undefined) due.push({ type: first.data.kind, name: first.name });
  }
  return due;
}

/** When a record is asked for again next; `undefined` where it is not any more. */
function refreshAt(record: CachedRecord, key: string, data: string): Milliseconds | undefined {
  const share = REFRESH_AT[record.refreshes];
  if (share === undefined || record.ending !== "no") return undefined;
  const spread = REFRESH_SPREAD * shareOf(`${key} ${data} ${String(record.refreshes)}`);
  return Milliseconds(record.heardAt + Math.floor(record.lifetime * (share + spread)));
}

/** When something is due with the records next; `undefined` where there are none. */
export function nextDue(cache: RecordCache): Milliseconds | undefined {
  let next: Milliseconds | undefined;
  for (const [key, set] of cache.sets) {
    for (const [data, record] of set) {
      const at = refreshAt(record, key, data) ?? record.expiresAt;
      if (next === undefined || at < next) next = at;
    }
  }
  return next;
}

/**
 * A share from 0 to below 1 that looks random and is not: FNV-1a of a text. The core draws no random number, and two hosts, or
 * two records, need not do the same at the same time.
 */
export function shareOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 0x1_0000_0000;
}
