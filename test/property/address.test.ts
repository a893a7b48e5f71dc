import fc from "fast-check";
import { expect, test } from "vitest";
import { isExcluded, parseControllerEntry } from "../../src/core/config/controller-entry.js";
import { canonicalAddress, formatIp, parseIp, sameAddress } from "../../src/core/domain/ip-address.js";
import type { TransportId } from "../../src/core/domain/transport-id.js";
import { addressKey, matchConnection, type ExistingConnection } from "../../src/core/kernel/match.js";

const groups = fc.array(fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });

/** One of the many spellings of an IPv6 address, written without the code under test. */
function spelling(values: readonly number[]): fc.Arbitrary<string> {
  const parts = fc.tuple(...values.map((value) => fc.tuple(fc.boolean(), fc.boolean(), fc.constant(value))));
  const texts = parts.map((all) =>
    all.map(([upper, padded, value]) => {
      const hex = padded ? value.toString(16).padStart(4, "0") : value.toString(16);
      return upper ? hex.toUpperCase() : hex;
    }),
  );
  const zeroRuns: (readonly [number, number])[] = [];
  for (let from = 0; from < 8; from++)
    for (let to = from + 1; to <= 8 && values.slice(from, to).every((value) => value === 0); to++)
      zeroRuns.push([from, to]);
  const gap = fc.option(zeroRuns.length === 0 ? fc.constant(undefined) : fc.constantFrom(...zeroRuns), {
    nil: undefined,
  });
  return fc.tuple(texts, gap, fc.boolean(), fc.boolean()).map(([all, run, quad, brackets]) => {
    const [high = 0, low = 0] = values.slice(6);
    const tail = quad && (run === undefined || run[1] <= 6);
    const shown = tail ? [...all.slice(0, 6), [high >> 8, high & 255, low >> 8, low & 255].join(".")] : all;
    const text =
      run === undefined ? shown.join(":") : `${shown.slice(0, run[0]).join(":")}::${shown.slice(run[1]).join(":")}`;
    return brackets ? `[${text}]` : text;
  });
}

const twoSpellings = groups.chain((values) => fc.tuple(fc.constant(values), spelling(values), spelling(values)));

test("all spellings of an address share one canonical text, which is its own canonical text", () => {
  fc.assert(
    fc.property(twoSpellings, ([values, a, b]) => {
      const address = parseIp(a);
      expect(address).toBeDefined();
      expect(parseIp(b)).toEqual(address);
      expect(sameAddress(a, b)).toBe(true);
      const canonical = canonicalAddress("tcp", a);
      expect(parseIp(canonical)).toEqual(address);
      expect(canonicalAddress("tcp", canonical)).toBe(canonical);
      // The engine's own URL parser prints IPv6 addresses as RFC 5952 has them.
      if (address?.family === "ipv6")
        expect(`[${canonical}]`).toBe(
          new URL(`http://[${values.map((value) => value.toString(16)).join(":")}]`).hostname,
        );
    }),
  );
});

test("different addresses have different canonical texts", () => {
  fc.assert(
    fc.property(groups, groups, (one, other) => {
      const a = one.map((value) => value.toString(16)).join(":");
      const b = other.map((value) => value.toString(16)).join(":");
      expect(sameAddress(a, b)).toBe(one.every((value, i) => value === other[i]));
    }),
  );
});

test("any text gives an address that survives a round trip, or none", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom("0", "1", "f", ":", ".", "%", "[", "]", "255", "ffff") }),
  );
  fc.assert(
    fc.property(text, (input) => {
      const address = parseIp(input);
      if (address !== undefined) expect(parseIp(formatIp(address))).toEqual(address);
      for (const transport of ["tcp", "fc", "loop", ""] as const) {
        const canonical = canonicalAddress(transport, input);
        expect(canonicalAddress(transport, canonical)).toBe(canonical);
      }
    }),
  );
});

test("four numbers are an IPv4 address exactly if each is a plain 0..255", () => {
  const part = fc.oneof(fc.nat(300).map(String), fc.constantFrom("00", "01", "", "a", "1e1"));
  fc.assert(
    fc.property(fc.array(part, { minLength: 3, maxLength: 5 }), (parts) => {
      const legal = parts.length === 4 && parts.every((text) => String(Number(text)) === text && Number(text) <= 255);
      expect(parseIp(parts.join("."))?.family).toBe(legal ? "ipv4" : undefined);
    }),
  );
});

const ID: TransportId = {
  transport: "tcp",
  traddr: "",
  trsvcid: "8009",
  subsysnqn: "nqn.x",
  hostTraddr: "",
  hostIface: "",
  hostNqn: "",
};

test("an exclude matches an address in any spelling, and no other address", () => {
  fc.assert(
    fc.property(twoSpellings, groups, ([values, a, b], others) => {
      const { entry } = parseControllerEntry("exclude", `transport=tcp;traddr=${a}`, 1);
      expect(entry).toBeDefined();
      const excludes = entry === undefined ? [] : [entry];
      expect(isExcluded({ ...ID, traddr: b }, excludes)).toBe(entry);
      const other = others.map((value) => value.toString(16)).join(":");
      if (others.some((value, i) => value !== values[i]))
        expect(isExcluded({ ...ID, traddr: other }, excludes)).toBeUndefined();
    }),
  );
});

test("connections that match have the same key, in any spelling", () => {
  const word = fc.constantFrom(
    "",
    "",
    "",
    "none",
    "eth0",
    "eth1",
    "10.0.0.1",
    "10.0.0.2",
    "fe80::a",
    "8009",
    "08009",
    "4420",
  );
  const address = fc.constantFrom(
    "1.2.3.4",
    "::ffff:1.2.3.4",
    "fe80::1%eth0",
    "FE80:0::1",
    "fe80::1%eth1",
    "nas",
    "NAS",
    "",
  );
  const transport = fc.constantFrom("tcp", "rdma", "fc", "loop");
  const wanted: fc.Arbitrary<TransportId> = fc.record({
    transport,
    traddr: address,
    trsvcid: word,
    subsysnqn: fc.constantFrom("nqn.x", "nqn.y"),
    hostTraddr: word,
    hostIface: word,
    hostNqn: fc.constant(""),
  });
  const seen: fc.Arbitrary<Omit<ExistingConnection, "transport" | "subsysnqn">> = fc.record({
    traddr: address,
    trsvcid: word,
    hostTraddr: word,
    hostIface: word,
    srcAddr: word,
    hostNqn: fc.constant("nqn.host"),
    state: fc.constantFrom("live", "connecting"),
  });
  const interfaces = [
    { name: "eth0", mac: "", addresses: ["10.0.0.1", "fe80::a"] },
    { name: "eth1", mac: "", addresses: ["10.0.0.2"] },
  ];
  let met = 0;
  fc.assert(
    fc.property(wanted, seen, (id, shown) => {
      const connection = { ...shown, transport: id.transport, subsysnqn: id.subsysnqn };
      const verdict = matchConnection(id, "nqn.host", connection, interfaces);
      if (verdict === "no") return;
      met++;
      expect(addressKey(id)).toBe(addressKey(connection));
    }),
    { numRuns: 3000 },
  );
  expect(met).toBeGreaterThan(50);
});
