import { describe, expect, it } from "vitest";
import { readQuery, serviceMessage } from "../../../src/adapters/sim/dns.js";
import { decodeDns, DNS_ENTRIES_MAX, DNS_MESSAGE_BYTES_MAX } from "../../../src/core/codec/dns.js";
import { decodeDnsName, dnsNameKey, encodeDnsName } from "../../../src/core/codec/dns-name.js";
import { DNS_QUERY_BYTES_MAX, encodeDnsQuery } from "../../../src/core/codec/dns-query.js";
import { DecodeError, EncodeError } from "../../../src/core/codec/error.js";
import { Milliseconds } from "../../../src/core/domain/units.js";

const TYPE = ["_nvme-disc", "_tcp", "local"];

function bytes(...parts: readonly (string | readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? [part.length, ...Buffer.from(part, "latin1")] : [...part])),
  );
}

/** A header with these counts: questions, answers, authority, additional. */
function header(flags: number, ...counts: readonly [number, number, number, number]): readonly number[] {
  return [0, 0, flags >> 8, flags & 255, ...counts.flatMap((count) => [count >> 8, count & 255])];
}

const RESPONSE = 0x8400;
/** Class IN, a TTL of 120 s. */
const IN_120 = [0, 1, 0, 0, 0, 120];

describe("a DNS response", () => {
  it("is read as responders write it", () => {
    const message = serviceMessage(
      {
        id: "r",
        hostIface: "eth0",
        instance: "Array 2. \u00e9",
        type: "_nvme-disc._tcp",
        hostName: "array",
        addresses: ["192.168.1.20", "fe80::20", "::ffff:192.168.1.9"],
        port: 8009,
        txt: ["p=tcp", "nqn=nqn.x"],
        ttl: Milliseconds(120_000),
        hosts: 1,
        additional: true,
        announced: true,
      },
      120,
    );
    const { kind, truncated, records } = decodeDns(message);
    expect([kind, truncated]).toEqual(["response", false]);
    const instance = ["Array 2. \u00e9", ...TYPE];
    expect(records).toEqual([
      { name: TYPE, flush: false, ttl: 120, data: { kind: "ptr", target: instance } },
      { name: instance, flush: true, ttl: 120, data: { kind: "srv", port: 8009, target: ["array", "local"] } },
      { name: instance, flush: true, ttl: 120, data: { kind: "txt", strings: ["p=tcp", "nqn=nqn.x"] } },
      { name: ["array", "local"], flush: true, ttl: 120, data: { kind: "a", address: "192.168.1.20" } },
      { name: ["array", "local"], flush: true, ttl: 120, data: { kind: "aaaa", address: "fe80::20" } },
      { name: ["array", "local"], flush: true, ttl: 120, data: { kind: "a", address: "192.168.1.9" } },
    ]);
  });

  it("is read with compressed names, mixed sections and useless records", () => {
    const message = bytes(
      header(RESPONSE, 1, 1, 1, 2),
      // The question: offset 12.
      ["_nvme-disc", "_tcp", "local"].flatMap((label) => [label.length, ...Buffer.from(label)]),
      [0, 0, 12, 0, 1],
      // The answer points to the question's name, and so does its target.
      [0xc0, 12, 0, 12, ...IN_120, 0, 4],
      "a",
      [0xc0, 12],
      // The authority section holds records that are not announced yet.
      [0xc0, 12, 0, 12, ...IN_120, 0, 4],
      "b",
      [0xc0, 12],
      // HINFO, and a record of another class.
      [0, 0, 13, ...IN_120, 0, 1, 7],
      [0, 0, 1, 0, 3, 0, 0, 0, 120, 0, 4, 1, 2, 3, 4],
    );
    expect(decodeDns(message).records).toEqual([
      { name: TYPE, flush: false, ttl: 120, data: { kind: "ptr", target: ["a", ...TYPE] } },
    ]);
  });

  const A = [0, 1, ...IN_120];
  it.each<[string, Uint8Array]>([
    ["that is empty", bytes()],
    ["with a header cut short", bytes(header(RESPONSE, 0, 0, 0, 0).slice(0, 11))],
    ["longer than mDNS allows", new Uint8Array(DNS_MESSAGE_BYTES_MAX + 1)],
    ["with more records than it holds", bytes(header(RESPONSE, 0, 2, 0, 0), [0, ...A, 0, 4, 1, 2, 3, 4])],
    ["with more records than the bound", bytes(header(RESPONSE, 0, DNS_ENTRIES_MAX, 0, 1))],
    ["with another opcode", bytes(header(RESPONSE | 0x0800, 0, 0, 0, 0))],
    ["with an error code", bytes(header(RESPONSE | 3, 0, 0, 0, 0))],
    ["with a name that points to itself", bytes(header(RESPONSE, 0, 1, 0, 0), [0xc0, 12, ...A, 0, 0])],
    ["with names that point in a circle", bytes(header(RESPONSE, 0, 1, 0, 0), [1, 97, 0xc0, 16, 0xc0, 12, ...A, 0, 0])],
    ["with a name that points ahead", bytes(header(RESPONSE, 0, 1, 0, 0), [0xc0, 14, 0, ...A, 0, 0])],
    ["with a pointer cut short", bytes(header(RESPONSE, 1, 0, 0, 0), [0xc0])],
    ["with a label of another kind", bytes(header(RESPONSE, 1, 0, 0, 0), [0x40, 0, 0, 1, 0, 1])],
    ["with a label cut short", bytes(header(RESPONSE, 1, 0, 0, 0), [9, 97])],
    ["with a question cut short", bytes(header(RESPONSE, 1, 0, 0, 0), [0, 0, 1, 0])],
    ["with a record longer than the message", bytes(header(RESPONSE, 0, 1, 0, 0), [0, ...A, 0, 200, 1, 2, 3, 4])],
    ["with an A record of 5 bytes", bytes(header(RESPONSE, 0, 1, 0, 0), [0, ...A, 0, 5, 1, 2, 3, 4, 5])],
    ["with an AAAA record of 4 bytes", bytes(header(RESPONSE, 0, 1, 0, 0), [0, 0, 28, ...IN_120, 0, 4, 1, 2, 3, 4])],
    [
      "with an SRV record cut short",
      bytes(header(RESPONSE, 0, 1, 0, 0), [0, 0, 33, ...IN_120, 0, 6, 0, 0, 0, 0, 0, 1]),
    ],
    ["with a target beyond its record", bytes(header(RESPONSE, 0, 1, 0, 0), [0, 0, 12, ...IN_120, 0, 1, 1, 97, 0])],
    ["with a target shorter than its record", bytes(header(RESPONSE, 0, 1, 0, 0), [0, 0, 12, ...IN_120, 0, 2, 0, 0])],
    ["with a string longer than its record", bytes(header(RESPONSE, 0, 1, 0, 0), [0, 0, 16, ...IN_120, 0, 2, 5, 97])],
  ])("%s is refused", (_what, message) => {
    expect(() => decodeDns(message)).toThrow(DecodeError);
  });

  it("holds no name longer than 255 bytes, even a compressed one", () => {
    const label = "x".repeat(63);
    const long = bytes(label, label, label, [0]);
    expect(decodeDnsName(long, 0).name).toHaveLength(3);
    const twice = bytes(label, label, label, [0], label, [0xc0, 0]);
    expect(() => decodeDnsName(twice, long.length)).toThrow(DecodeError);
  });
});

describe("a name", () => {
  it("is the same in any case of ASCII letters, but not if its dots move", () => {
    expect(dnsNameKey(["A.b", "LOCAL"])).toBe(dnsNameKey(["a.B", "local"]));
    expect(dnsNameKey(["a.b", "local"])).not.toBe(dnsNameKey(["a", "b", "local"]));
    expect(dnsNameKey(["a\\", "b"])).not.toBe(dnsNameKey(["a\\.b"]));
    expect(dnsNameKey(["\u00c9"])).not.toBe(dnsNameKey(["\u00e9"]));
  });

  it("that is not valid is never written", () => {
    for (const name of [[""], ["x".repeat(64)], ["\u00e9".repeat(32)], Array.from({ length: 5 }, () => "x".repeat(60))])
      expect(() => encodeDnsName(name)).toThrow(EncodeError);
  });
});

describe("a query", () => {
  it("asks, and lists the known answers", () => {
    const [query, ...others] = encodeDnsQuery(
      [
        { name: TYPE, type: "ptr" },
        { name: ["array", "local"], type: "aaaa" },
      ],
      [{ name: TYPE, target: ["Array", ...TYPE], ttl: 100_000 }],
    );
    expect(others).toEqual([]);
    const read = readQuery(query ?? new Uint8Array());
    expect(read.questions).toEqual([
      { name: "_nvme-disc._tcp.local", type: 12 },
      { name: "array.local", type: 28 },
    ]);
    expect([...read.known]).toEqual([["array._nvme-disc._tcp.local", 100_000]]);
    expect(read.continued).toBe(false);
    expect(decodeDns(query ?? new Uint8Array())).toMatchObject({ kind: "query", truncated: false });
  });

  it("with many known answers takes several datagrams, all but the last marked as continued", () => {
    const known = Array.from({ length: 200 }, (_, at) => ({
      name: TYPE,
      target: [`array ${String(at)}`, ...TYPE],
      ttl: 9,
    }));
    const queries = encodeDnsQuery([{ name: TYPE, type: "ptr" }], known);
    expect(queries).toHaveLength(4);
    expect(queries.every(({ length }) => length <= DNS_QUERY_BYTES_MAX)).toBe(true);
    const read = queries.map(readQuery);
    expect(read.map(({ questions }) => questions.length)).toEqual([1, ...queries.slice(1).map(() => 0)]);
    expect(read.map(({ continued }) => continued)).toEqual([...queries.slice(1).map(() => true), false]);
    expect(read.flatMap((one) => [...one.known.keys()])).toHaveLength(200);
  });
});
