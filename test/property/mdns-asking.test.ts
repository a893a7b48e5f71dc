/** What a querier asks, against responders on a link that loses datagrams for a while. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { readQuery } from "../../src/adapters/sim/dns.js";
import type { DnsData, DnsRecord } from "../../src/core/codec/dns.js";
import { MDNS_QUESTIONS_MAX, MDNS_ROUND } from "../../src/core/domain/limits.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import { askingFrom, browseSoon, followLacking, nextQuery, takeQuery } from "../../src/core/dnssd/asking.js";
import { emptyCache, hear, joinServices } from "../../src/core/dnssd/cache.js";

const TYPE = ["_nvme-disc", "_tcp", "local"];
const ANSWERED_AFTER = 100;
/** Beside twice the time of the losses: the first pause, and the rounds for what the last answer names. */
const MORE = 4_000;

const TYPES: Readonly<Record<DnsData["kind"], number>> = { ptr: 12, srv: 33, txt: 16, a: 1, aaaa: 28 };

/** The records of an IPv4 host. A query for its IPv6 address has no answer. */
function recordsOf(at: number): readonly DnsRecord[] {
  const instance = [`array ${String(at)}`, ...TYPE];
  const host = [`host-${String(at)}`, "local"];
  const record = (name: readonly string[], data: DnsData): DnsRecord => ({ name, data, flush: false, ttl: 4_500 });
  return [
    record(TYPE, { kind: "ptr", target: instance }),
    record(instance, { kind: "srv", port: 8009, target: host }),
    record(instance, { kind: "txt", strings: ["p=tcp"] }),
    record(host, { kind: "a", address: "10.0.0.1" }),
  ];
}

interface Link {
  readonly hosts: number;
  /** Whether the answer for a pointer brings the other records too. */
  readonly additional: boolean;
  /** Whether each datagram is lost, over and over, until `lossy`. */
  readonly losses: readonly boolean[];
  readonly lossy: number;
  readonly share: number;
}

/** Returns when everything is known. Checks each query on the way. */
function timeToKnow({ hosts, additional, losses, lossy, share }: Link): number {
  const services = Array.from({ length: hosts }, (_, at) => recordsOf(at));
  const asking = askingFrom(Milliseconds(0), share);
  const cache = emptyCache();
  const answers: { readonly at: number; readonly records: readonly DnsRecord[] }[] = [];
  let drawn = 0;
  let asked = -Infinity;
  const isLost = (now: number): boolean => now < lossy && losses[drawn++ % losses.length] === true;
  for (;;) {
    const due = Math.max(nextQuery(asking), asking.restsUntil);
    const now = Milliseconds(Math.min(due, answers[0]?.at ?? Infinity));
    if (now > 2 * lossy + MORE) return now;
    const answer = answers[0]?.at === now ? answers.shift() : undefined;
    if (answer !== undefined) {
      const { news, changed } = hear(cache, answer.records, now);
      if (news) browseSoon(asking, now);
      if (changed) followLacking(asking, cache, now);
      if (joinServices(cache, "eth0").length === hosts) return now;
      continue;
    }
    const queries = takeQuery(asking, cache, now).map(readQuery);
    const questions = queries.flatMap((one) => one.questions);
    expect(questions.length).toBeLessThanOrEqual(MDNS_QUESTIONS_MAX);
    expect(now - asked).toBeGreaterThanOrEqual(MDNS_ROUND);
    asked = now;
    if (isLost(now)) continue;
    const known = new Set(queries.flatMap((one) => [...one.known.keys()]));
    for (const records of services) {
      const wanted = records.filter(({ name, data }) => {
        if (data.kind === "ptr" && known.has(data.target.join("."))) return false;
        return questions.some((one) => one.type === TYPES[data.kind] && one.name === name.join("."));
      });
      const sent = additional && wanted.length > 0 ? records : wanted;
      if (sent.length > 0 && !isLost(now)) answers.push({ at: now + ANSWERED_AFTER, records: sent });
    }
  }
}

test("whatever is lost, everything is known within twice the time of the losses", () => {
  fc.assert(
    fc.property(
      fc.record({
        hosts: fc.integer({ min: 1, max: 150 }),
        additional: fc.boolean(),
        losses: fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
        lossy: fc.integer({ min: 0, max: 60_000 }),
        share: fc.constantFrom(0, 0.5, 0.99),
      }),
      (link) => {
        expect(timeToKnow(link)).toBeLessThanOrEqual(2 * link.lossy + MORE);
      },
    ),
    { numRuns: 60 },
  );
});
