/**
 * The records received on one interface, and the services that they form (RFC 6762, 10; RFC 6763, 4). Pure: no clock, no
 * queries. The cache keeps pointers to instances of the browsed types, the records of those instances, and the addresses of
 * the hosts that they name.
 */
import type { DnsData, DnsKind, DnsRecord } from "../codec/dns.js";
import { dnsNameKey, type DnsName } from "../codec/dns-name.js";
import type { DnsQuestion, KnownAnswer } from "../codec/dns-query.js";
import { later, Milliseconds } from "../domain/units.js";
import { MDNS_RECORDS_MAX, MDNS_TTL_MAX } from "../domain/limits.js";
import type { DnssdService } from "../ports/dnssd.js";
import { BROWSED, isBrowsed, typeOf } from "./browsed.js";

/** How long a record stays after a goodbye or a replacement (RFC 6762, 10.1 and 10.2). */
export const LAST_SECOND = Milliseconds(1_000);

/** When a record is queried again, as a share of its time to live (RFC 6762, 5.2), and the spread of that share. */
const REFRESH_AT = [0.8, 0.85, 0.9, 0.95] as const;
const REFRESH_SPREAD = 0.02;

export interface CachedRecord {
  readonly name: DnsName;
  readonly data: DnsData;
  /** The keys of its own name and of its target's name (empty if it has no target). */
  readonly nameKey: string;
  readonly targetKey: string;
  readonly heardAt: Milliseconds;
  readonly lifetime: Milliseconds;
  expiresAt: Milliseconds;
  /** When it is queried again, or expires. */
  dueAt: Milliseconds;
  /** How often it was queried again in this lifetime. */
  refreshes: number;
  /** Why it expires within `LAST_SECOND`, if it does. */
  ending: "no" | "goodbye" | "replaced";
}

/** The records of one name and kind by their data, in the order of their arrival. */
type RecordSet = Map<string, CachedRecord>;

export interface RecordCache {
  /** By `setKey`. */
  readonly sets: Map<string, RecordSet>;
  /** The number of records in all sets. */
  size: number;
  /** How many SRV records name each host, by the host's key. */
  readonly hosts: Map<string, number>;
}

export function emptyCache(): RecordCache {
  return { sets: new Map(), size: 0, hosts: new Map() };
}

function setKey(kind: DnsKind, nameKey: string): string {
  return `${kind} ${nameKey}`;
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

function recordsOf(cache: RecordCache, kind: DnsKind, nameKey: string): readonly CachedRecord[] {
  return [...(cache.sets.get(setKey(kind, nameKey))?.values() ?? [])];
}

/** The effect of a message. */
export interface Heard {
  /** It held new records. */
  changed: boolean;
  /** It held a pointer to a new instance. */
  news: boolean;
  /** It held records that the cache keeps or ends. */
  touched: boolean;
  /** It held records that did not fit the cache. */
  full: boolean;
}

/** Stores the records of a response. Addresses come last, so that they count for every host named by then. */
export function hear(cache: RecordCache, records: readonly DnsRecord[], now: Milliseconds): Heard {
  const heard: Heard = { changed: false, news: false, touched: false, full: false };
  const flushed = new Set<string>();
  const take = (record: DnsRecord, nameKey: string): void => {
    hearRecord(cache, record, nameKey, now, heard);
    if (record.flush) flushed.add(setKey(record.data.kind, nameKey));
  };
  for (const record of records) if (isOfService(record)) take(record, dnsNameKey(record.name));
  for (const record of records) {
    if (record.data.kind !== "a" && record.data.kind !== "aaaa") continue;
    const nameKey = dnsNameKey(record.name);
    if (cache.hosts.has(nameKey)) take(record, nameKey);
  }
  for (const key of flushed) if (replaceOthers(cache.sets.get(key), now)) heard.touched = true;
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

/** A name that is not UTF-8 cannot be queried. */
function isText(name: DnsName): boolean {
  return !name.some((label) => label.includes("\ufffd"));
}

function isInstanceOf(instance: DnsName, type: DnsName): boolean {
  return instance.length === type.length + 1 && dnsNameKey(instance.slice(1)) === dnsNameKey(type);
}

/** Counts the host that an SRV record names, when the record is added (1) or removed (-1). */
function countHost({ hosts }: RecordCache, { data, targetKey }: CachedRecord, by: 1 | -1): void {
  if (data.kind !== "srv") return;
  const count = (hosts.get(targetKey) ?? 0) + by;
  if (count > 0) hosts.set(targetKey, count);
  else hosts.delete(targetKey);
}

function hearRecord(
  cache: RecordCache,
  { name, ttl, data }: DnsRecord,
  nameKey: string,
  now: Milliseconds,
  heard: Heard,
): void {
  const key = setKey(data.kind, nameKey);
  const set = cache.sets.get(key);
  const ownKey = dataKey(data);
  const known = set?.get(ownKey);
  if (ttl === 0) {
    if (known === undefined || known.ending === "goodbye") return;
    endSoon(known, "goodbye", now);
    heard.touched = true;
    return;
  }
  if (known === undefined && cache.size >= MDNS_RECORDS_MAX) {
    heard.full = true;
    return;
  }
  heard.touched = true;
  const lifetime = Milliseconds(Math.min(ttl, MDNS_TTL_MAX) * 1_000);
  const expiresAt = later(now, lifetime);
  const targetKey = data.kind === "ptr" || data.kind === "srv" ? dnsNameKey(data.target) : "";
  const timing = { nameKey, targetKey, heardAt: now, lifetime, expiresAt, dueAt: expiresAt };
  const entered: CachedRecord = { name, data, ...timing, refreshes: 0, ending: "no" };
  entered.dueAt = dueAt(entered, ownKey);
  if (set === undefined) cache.sets.set(key, new Map([[ownKey, entered]]));
  else set.set(ownKey, entered);
  if (known !== undefined) return;
  cache.size += 1;
  countHost(cache, entered, 1);
  heard.changed = true;
  if (data.kind === "ptr") heard.news = true;
}

function endSoon(record: CachedRecord, why: "goodbye" | "replaced", now: Milliseconds): void {
  const end = later(now, LAST_SECOND);
  record.ending = why;
  if (record.expiresAt > end) record.expiresAt = end;
  record.dueAt = record.expiresAt;
}

/**
 * Ends the older records of a flushed set. Those received within the last second belong to the same announcement or to an
 * equally valid one (RFC 6762, 10.2). False: no record is older.
 */
function replaceOthers(set: RecordSet | undefined, now: Milliseconds): boolean {
  let replaced = false;
  for (const record of set?.values() ?? []) {
    if (now - record.heardAt <= LAST_SECOND || record.ending !== "no") continue;
    endSoon(record, "replaced", now);
    replaced = true;
  }
  return replaced;
}

/** Keys of the names whose records expired after a goodbye. */
export type Goodbyes = ReadonlySet<string>;

/** Drops expired records, and addresses of hosts that no record names any more. `undefined` if nothing expired. */
export function expire(cache: RecordCache, now: Milliseconds): Goodbyes | undefined {
  const goodbyes = new Set<string>();
  let changed = false;
  for (const [key, set] of cache.sets) {
    for (const [data, record] of set) {
      if (record.expiresAt > now) continue;
      set.delete(data);
      cache.size -= 1;
      countHost(cache, record, -1);
      changed = true;
      if (record.ending === "goodbye") goodbyes.add(record.data.kind === "ptr" ? record.targetKey : record.nameKey);
    }
    if (set.size === 0) cache.sets.delete(key);
  }
  if (!changed) return undefined;
  for (const [key, set] of cache.sets) {
    const [first] = set.values();
    if (first === undefined || (first.data.kind !== "a" && first.data.kind !== "aaaa")) continue;
    if (cache.hosts.has(first.nameKey)) continue;
    cache.sets.delete(key);
    cache.size -= set.size;
  }
  return goodbyes;
}

/** A service, and the names that it depends on. */
export interface Joined {
  readonly service: DnssdService;
  readonly names: readonly string[];
}

/**
 * The services that the records form: one per pointer and family, at the first address of its host. A service with a
 * missing record is left out.
 */
export function joinServices(cache: RecordCache, hostIface: string): readonly Joined[] {
  const joined: Joined[] = [];
  for (const { nameKey, targetKey, data } of pointers(cache)) {
    const srv = firstOf(cache, "srv", targetKey);
    const txt = firstOf(cache, "txt", targetKey)?.data;
    if (data.kind !== "ptr" || srv?.data.kind !== "srv" || txt?.kind !== "txt") continue;
    const [instance = ""] = data.target;
    const names = [targetKey, srv.targetKey];
    const common = { instance, type: typeOf(nameKey), hostIface, port: srv.data.port, txt: txt.strings };
    const a = firstOf(cache, "a", srv.targetKey)?.data;
    const aaaa = firstOf(cache, "aaaa", srv.targetKey)?.data;
    if (a?.kind === "a") joined.push({ service: { ...common, family: "ipv4", address: a.address }, names });
    if (aaaa?.kind === "aaaa") joined.push({ service: { ...common, family: "ipv6", address: aaaa.address }, names });
  }
  return joined;
}

/** All pointers to instances, type by type. */
function pointers(cache: RecordCache): readonly CachedRecord[] {
  return BROWSED.flatMap((name) => recordsOf(cache, "ptr", dnsNameKey(name)));
}

function firstOf(cache: RecordCache, kind: DnsKind, nameKey: string): CachedRecord | undefined {
  const [first] = cache.sets.get(setKey(kind, nameKey))?.values() ?? [];
  return first;
}

/** Whether the cache holds an answer. */
export function holdsAnswer(cache: RecordCache, { type, name }: DnsQuestion): boolean {
  return cache.sets.has(setKey(type, dnsNameKey(name)));
}

/** The records that are missing to form a service of either family from every pointer. */
export function lackingRecords(cache: RecordCache): readonly DnsQuestion[] {
  const lacking = new Map<string, DnsQuestion>();
  const need = (type: DnsKind, nameKey: string, name: DnsName): void => {
    const key = setKey(type, nameKey);
    if (!cache.sets.has(key)) lacking.set(key, { type, name });
  };
  for (const { data, targetKey } of pointers(cache)) {
    if (data.kind !== "ptr") continue;
    need("txt", targetKey, data.target);
    need("srv", targetKey, data.target);
    for (const { data: srv, targetKey: hostKey } of recordsOf(cache, "srv", targetKey)) {
      if (srv.kind !== "srv") continue;
      need("a", hostKey, srv.target);
      need("aaaa", hostKey, srv.target);
    }
  }
  return [...lacking.values()];
}

/** The pointers with more than half of their lifetime left: no responder needs to repeat them (RFC 6762, 7.1). */
export function knownPointers(cache: RecordCache, now: Milliseconds): readonly KnownAnswer[] {
  const known: KnownAnswer[] = [];
  for (const { name, data, expiresAt, lifetime, ending } of pointers(cache)) {
    const left = expiresAt - now;
    const ttl = Math.floor(left / 1_000);
    if (data.kind === "ptr" && ending === "no" && left * 2 > lifetime && ttl > 0)
      known.push({ name, target: data.target, ttl });
  }
  return known;
}

/** The queries that are due again, at most `max`. Each due record of these counts as queried. */
export function takeRefreshes(cache: RecordCache, now: Milliseconds, max: number): readonly DnsQuestion[] {
  const due: DnsQuestion[] = [];
  for (const set of cache.sets.values()) {
    if (due.length >= max) break;
    let asked: CachedRecord | undefined;
    for (const [ownKey, record] of set) {
      while (record.dueAt <= now && record.dueAt < record.expiresAt) {
        asked = record;
        record.refreshes += 1;
        record.dueAt = dueAt(record, ownKey);
      }
    }
    if (asked !== undefined) due.push({ type: asked.data.kind, name: asked.name });
  }
  return due;
}

/** When a record is next queried, or expires. */
function dueAt(record: CachedRecord, ownKey: string): Milliseconds {
  const { nameKey, data, heardAt, lifetime, refreshes, expiresAt, ending } = record;
  const share = REFRESH_AT[refreshes];
  if (share === undefined || ending !== "no") return expiresAt;
  const spread = REFRESH_SPREAD * shareOf(`${data.kind} ${nameKey} ${ownKey} ${String(refreshes)}`);
  return Milliseconds(heardAt + Math.floor(lifetime * (share + spread)));
}

/** When the next record is due; `undefined` if there are no records. */
export function nextDue(cache: RecordCache): Milliseconds | undefined {
  let next: Milliseconds | undefined;
  for (const set of cache.sets.values()) {
    for (const record of set.values()) if (next === undefined || record.dueAt < next) next = record.dueAt;
  }
  return next;
}

/**
 * A pseudorandom share in [0, 1): FNV-1a of a text. The core draws no random numbers, but two hosts, or two records, should
 * not act at the same time.
 */
export function shareOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 0x1_0000_0000;
}
