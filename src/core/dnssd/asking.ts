/**
 * What to ask on one interface, and when (RFC 6762, 5.2 and 7). Pure: the caller brings the time and sends the datagrams.
 * Two kinds of questions repeat at pauses that double: the browsed types, and records that are missing to form a service.
 */
import { dnsNameKey } from "../codec/dns-name.js";
import { encodeDnsQuery, type DnsQuestion } from "../codec/dns-query.js";
import {
  MDNS_NEWS_QUERY,
  MDNS_QUERY_FIRST,
  MDNS_QUERY_GROWTH,
  MDNS_QUERY_LONGEST,
  MDNS_QUESTIONS_MAX,
  MDNS_ROUND,
} from "../domain/limits.js";
import { later, Milliseconds } from "../domain/units.js";
import { BROWSED } from "./browsed.js";
import { holdsAnswer, knownPointers, lackingRecords, takeRefreshes, type RecordCache } from "./cache.js";

/** A first question waits 20 to 120 ms, so that hosts that hear the same do not ask together (RFC 6762, 5.2). */
const FIRST_AFTER = Milliseconds(20);
const FIRST_SPREAD = Milliseconds(100);

interface Repeated {
  readonly due: Milliseconds;
  /** The time from `due` to the next repetition. */
  readonly pause: Milliseconds;
}

export interface Asking {
  /** How long first questions wait. */
  readonly wait: Milliseconds;
  browse: Repeated;
  /** When the browsed types were last asked for, if they were. */
  browsedAt: Milliseconds | undefined;
  /** The questions for missing records, by `questionKey`. The one asked last is at the end. */
  readonly lacking: Map<string, Repeated & { readonly question: DnsQuestion }>;
  /** The earliest time of the next query. */
  restsUntil: Milliseconds;
}

/** Starts to browse. `share`, in [0, 1), spreads the first questions of different hosts. */
export function askingFrom(now: Milliseconds, share: number): Asking {
  const wait = Milliseconds(FIRST_AFTER + Math.floor(FIRST_SPREAD * share));
  const browse = { due: later(now, wait), pause: MDNS_QUERY_FIRST };
  return { wait, browse, browsedAt: undefined, lacking: new Map(), restsUntil: now };
}

/** Browses from the start again, at least one second after the last query. */
export function browseFromStart(asking: Asking, now: Milliseconds): void {
  const soon = later(now, asking.wait);
  const earliest = asking.browsedAt === undefined ? soon : later(asking.browsedAt, MDNS_QUERY_FIRST);
  bringForward(asking, earliest > soon ? earliest : soon, MDNS_QUERY_FIRST);
}

/** The services on the link have changed, and the answers of others may be lost: browses again soon. */
export function browseSoon(asking: Asking, now: Milliseconds): void {
  bringForward(asking, later(later(now, MDNS_NEWS_QUERY), asking.wait), MDNS_NEWS_QUERY);
}

/** Keeps a query that is due earlier, so that a stream of changes cannot postpone it. */
function bringForward(asking: Asking, due: Milliseconds, pause: Milliseconds): void {
  const { browse } = asking;
  asking.browse = { due: shorter(browse.due, due), pause: shorter(browse.pause, pause) };
}

function shorter(one: Milliseconds, other: Milliseconds): Milliseconds {
  return one < other ? one : other;
}

/** Starts to ask for missing records, and stops for those that arrived or belong to nothing now. */
export function followLacking({ lacking, wait }: Asking, cache: RecordCache, now: Milliseconds): void {
  const missing = new Map(lackingRecords(cache).map((question) => [questionKey(question), question]));
  for (const key of [...lacking.keys()]) if (!missing.has(key)) lacking.delete(key);
  // The rest of a burst of records needs a moment to arrive.
  const due = later(now, wait);
  for (const [key, question] of missing) {
    if (!lacking.has(key)) lacking.set(key, { question, due, pause: MDNS_QUERY_FIRST });
  }
}

function questionKey({ name, type }: DnsQuestion): string {
  return `${type} ${dnsNameKey(name)}`;
}

/** When `takeQuery` has something to ask, apart from records that are due in the cache. */
export function nextQuery({ browse, lacking }: Asking): Milliseconds {
  let next = browse.due;
  for (const { due } of lacking.values()) next = shorter(next, due);
  return next;
}

/**
 * The datagrams of the query that is due; none if nothing is. At most `MDNS_QUESTIONS_MAX` questions; what is left over is
 * due in the next round. What it asks counts as asked.
 */
export function takeQuery(asking: Asking, cache: RecordCache, now: Milliseconds): readonly Uint8Array[] {
  if (asking.restsUntil > now) return [];
  const questions = new Map<string, DnsQuestion>();
  if (asking.browse.due <= now) {
    for (const name of BROWSED) questions.set(questionKey({ name, type: "ptr" }), { name, type: "ptr" });
    asking.browse = repeated(asking.browse, now);
    asking.browsedAt = now;
  }
  for (const question of takeRefreshes(cache, now, MDNS_QUESTIONS_MAX - questions.size))
    questions.set(questionKey(question), question);
  for (const [key, one] of [...asking.lacking]) {
    if (one.due > now) continue;
    if (holdsAnswer(cache, one.question)) {
      asking.lacking.delete(key);
      continue;
    }
    if (questions.size >= MDNS_QUESTIONS_MAX) break;
    questions.set(key, one.question);
    asking.lacking.delete(key);
    asking.lacking.set(key, { ...repeated(one, now), question: one.question });
  }
  if (questions.size === 0) return [];
  asking.restsUntil = later(now, MDNS_ROUND);
  const asked = [...questions.values()];
  return encodeDnsQuery(asked, asked.some(({ type }) => type === "ptr") ? knownPointers(cache, now) : []);
}

function repeated({ pause }: Repeated, now: Milliseconds): Repeated {
  return { due: later(now, pause), pause: Milliseconds(Math.min(pause * MDNS_QUERY_GROWTH, MDNS_QUERY_LONGEST)) };
}
