/** Compares the record cache with a simple model of RFC 6762. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DnsData, DnsRecord } from "../../src/core/codec/dns.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import {
  emptyCache,
  expire,
  hear,
  joinServices,
  knownPointers,
  lackingRecords,
  nextDue,
  takeRefreshes,
  type RecordCache,
} from "../../src/core/dnssd/cache.js";

const TCP = ["_nvme-disc", "_tcp", "local"];
const UDP = ["_nvme-disc", "_udp", "local"];
const INSTANCES = [
  ["a", ...TCP],
  ["A.b", ...TCP],
  ["a", ...UDP],
];
const HOSTS = [
  ["h1", "local"],
  ["h2", "local"],
];

const instance = fc.constantFrom(...INSTANCES);
const host = fc.constantFrom(...HOSTS);
/** Names that differ only in case are the same name. */
const cased = (name: fc.Arbitrary<string[]>): fc.Arbitrary<string[]> =>
  fc.tuple(name, fc.boolean()).map(([labels, up]) => (up ? labels.map((label) => label.toUpperCase()) : labels));

const content: fc.Arbitrary<Pick<DnsRecord, "name" | "data">> = fc.oneof(
  instance.map((target) => ({ name: target.slice(1), data: { kind: "ptr" as const, target } })),
  fc
    .tuple(cased(instance), fc.constantFrom(8009, 4420), cased(host))
    .map(([name, port, target]) => ({ name, data: { kind: "srv" as const, port, target } })),
  fc
    .tuple(instance, fc.constantFrom(["p=tcp"], ["p=roce", "nqn=nqn.x"], []))
    .map(([name, strings]) => ({ name, data: { kind: "txt" as const, strings } })),
  fc
    .tuple(cased(host), fc.constantFrom("10.0.0.1", "10.0.0.2"))
    .map(([name, address]) => ({ name, data: { kind: "a" as const, address } })),
  fc.tuple(host, fc.constant("fe80::1")).map(([name, address]) => ({ name, data: { kind: "aaaa" as const, address } })),
  // Useless records: another type, an instance of another type, a host that nothing names.
  fc.constant({
    name: ["_ipp", "_tcp", "local"],
    data: { kind: "ptr" as const, target: ["x", "_ipp", "_tcp", "local"] },
  }),
  fc.constant({ name: TCP, data: { kind: "ptr" as const, target: ["x", ...UDP] } }),
  fc.constant({ name: ["h3", "local"], data: { kind: "a" as const, address: "10.0.0.9" } }),
);

const record: fc.Arbitrary<DnsRecord> = fc
  .tuple(content, fc.boolean(), fc.constantFrom(0, 1, 2, 10, 120))
  .map(([{ name, data }, flush, ttl]) => ({ name, data, flush, ttl }));

interface Message {
  readonly after: number;
  readonly records: readonly DnsRecord[];
}

const stream: fc.Arbitrary<readonly Message[]> = fc.array(
  fc.record({
    after: fc.oneof(fc.constantFrom(0, 1, 1000, 1000, 1001), fc.integer({ min: 0, max: 130_000 })),
    records: fc.array(record, { maxLength: 8 }),
  }),
  { maxLength: 20 },
);

interface Held {
  readonly name: string;
  readonly data: DnsData;
  heard: number;
  ends: number;
}

const lower = (name: readonly string[]): string => JSON.stringify(name.map((label) => label.toLowerCase()));

function sameData(one: DnsData, other: DnsData): boolean {
  const spell = (data: DnsData): string =>
    JSON.stringify("target" in data ? { ...data, target: lower(data.target) } : data);
  return spell(one) === spell(other);
}

/** Keeps all records in one list, in order of arrival, and searches it for everything. */
class Model {
  held: Held[] = [];

  hear(records: readonly DnsRecord[], now: number): void {
    const used = [
      ...records.filter((one) => one.data.kind !== "a" && one.data.kind !== "aaaa" && isOurs(one)),
      ...records.filter((one) => one.data.kind === "a" || one.data.kind === "aaaa"),
    ];
    const taken: DnsRecord[] = [];
    for (const one of used) {
      const isAddress = one.data.kind === "a" || one.data.kind === "aaaa";
      if (isAddress && !this.names(lower(one.name))) continue;
      taken.push(one);
      const name = lower(one.name);
      const known = this.held.find((held) => held.name === name && sameData(held.data, one.data));
      if (one.ttl === 0) {
        if (known !== undefined) known.ends = Math.min(known.ends, now + 1000);
      } else if (known !== undefined) Object.assign(known, { heard: now, ends: now + 1000 * one.ttl });
      else this.held.push({ name, data: one.data, heard: now, ends: now + 1000 * one.ttl });
    }
    for (const one of taken.filter(({ flush }) => flush)) {
      for (const held of this.held) {
        const isOlder = held.name === lower(one.name) && held.data.kind === one.data.kind && now - held.heard > 1000;
        if (isOlder) held.ends = Math.min(held.ends, now + 1000);
      }
    }
  }

  names(name: string): boolean {
    return this.held.some(({ data }) => data.kind === "srv" && lower(data.target) === name);
  }

  endAt(now: number): void {
    const before = this.held.length;
    this.held = this.held.filter(({ ends }) => ends > now);
    // When a record ends, addresses that nothing names go too.
    if (this.held.length === before) return;
    this.held = this.held.filter(({ name, data }) => (data.kind !== "a" && data.kind !== "aaaa") || this.names(name));
  }

  services(): readonly string[] {
    return this.held.flatMap(({ data }) => {
      if (data.kind !== "ptr") return [];
      const of = (kind: string, name: string): DnsData | undefined =>
        this.held.find((held) => held.data.kind === kind && held.name === name)?.data;
      const [srv, txt] = [of("srv", lower(data.target)), of("txt", lower(data.target))];
      if (srv?.kind !== "srv" || txt?.kind !== "txt") return [];
      return ["a", "aaaa"].flatMap((kind) => {
        const address = of(kind, lower(srv.target));
        return address !== undefined && "address" in address
          ? [JSON.stringify([lower(data.target), address.address, srv.port, txt.strings])]
          : [];
      });
    });
  }
}

function isOurs({ name, data }: DnsRecord): boolean {
  const types = [lower(TCP), lower(UDP)];
  if (data.kind === "ptr") return types.includes(lower(name)) && lower(data.target.slice(1)) === lower(name);
  return types.includes(lower(name.slice(1)));
}

function joined(cache: RecordCache): readonly string[] {
  return joinServices(cache, "eth0")
    .map(({ service: { instance: label, type, address, port, txt } }) =>
      JSON.stringify([lower([label, ...type.split("."), "local"]), address, port, txt]),
    )
    .sort();
}

test("the cache yields the same services as the model, at any time between any messages", () => {
  fc.assert(
    fc.property(stream, (messages) => {
      const cache = emptyCache();
      const model = new Model();
      let now = 0;
      for (const { after, records } of messages) {
        const until = now + after;
        // Like the timer: everything due on the way happens at its own time.
        for (let due = nextDue(cache); due !== undefined && due <= until; due = nextDue(cache)) {
          now = Math.max(now, due);
          expire(cache, Milliseconds(now));
          model.endAt(now);
          takeRefreshes(cache, Milliseconds(now), Infinity);
          expect(joined(cache)).toEqual([...model.services()].sort());
        }
        now = until;
        const [before, due] = [joined(cache), nextDue(cache)];
        const heard = hear(cache, records, Milliseconds(now));
        model.hear(records, now);
        expect(joined(cache)).toEqual([...model.services()].sort());
        if (!heard.changed) expect(joined(cache)).toEqual(before);
        if (!heard.touched) expect(nextDue(cache)).toBe(due);
        for (const { ttl } of knownPointers(cache, Milliseconds(now))) expect(ttl).toBeGreaterThan(0);
        lackingRecords(cache);
        expect(cache.size).toBe(model.held.length);
      }
    }),
    { numRuns: 1500 },
  );
});

test("a record is asked for again at 80, 85, 90 and 95 % of its time, spread over 2 %, and ends with it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.string({ minLength: 1, maxLength: 20 }), (ttl, label) => {
      const cache = emptyCache();
      const target = [label, ...TCP];
      hear(cache, [{ name: TCP, flush: false, ttl, data: { kind: "ptr", target } }], Milliseconds(0));
      const life = 1000 * Math.min(ttl, 86_400);
      const asked: number[] = [];
      for (let due = nextDue(cache); due !== undefined; due = nextDue(cache)) {
        if (takeRefreshes(cache, due, Infinity).length > 0) asked.push(due / life);
        expire(cache, due);
        if (nextDue(cache) === due) throw new Error("time stands still");
        if (due >= life) expect(nextDue(cache)).toBeUndefined();
      }
      expect(asked).toHaveLength(label.includes("\ufffd") ? 0 : 4);
      asked.forEach((share, at) => {
        expect(share).toBeGreaterThanOrEqual(0.8 + 0.05 * at - 0.001);
        expect(share).toBeLessThanOrEqual(0.82 + 0.05 * at);
      });
    }),
  );
});
