/** Boot firmware tables survive a round trip. On any damaged table the decoder answers soon, in its own words. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/core/codec/error.js";
import { decodeNbft, NBFT_BYTES_MAX } from "../../src/core/codec/nbft.js";
import { parseNvmeUri } from "../../src/core/codec/nbft-uri.js";
import type { NbftTable } from "../../src/core/domain/nbft.js";
import { discoveryControllersOf } from "../../src/core/boot/nbft.js";
import { nbftStyle, nbftTable } from "../unit/codec/nbft-arbitrary.js";
import { encodeNbft, le32, seal } from "../unit/codec/nbft-encoder.js";

const PRINTABLE = /^[\x20-\x7e]+$/;
const WORDS_MAX = 160;

/** The value of a hostile table, within its bounds, or `undefined` if the decoder refused it in our words. */
function decoded(bytes: Uint8Array): NbftTable | undefined {
  try {
    const table = decodeNbft(bytes);
    const { hfis, securityProfiles, discoveryControllers, subsystems, faults } = table;
    for (const list of [hfis, securityProfiles, discoveryControllers, subsystems]) {
      expect(list.length).toBeLessThanOrEqual(255);
    }
    expect(faults.length).toBeLessThanOrEqual(4 * 255);
    for (const { problem } of faults) {
      expect(problem).toMatch(PRINTABLE);
      expect(problem.length).toBeLessThan(WORDS_MAX);
    }
    return table;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    expect(error.message).toMatch(PRINTABLE);
    expect(error.message.length).toBeLessThan(WORDS_MAX);
    return undefined;
  }
}

/** No value that staf would use can break out of a connect string. Every entry left out has a reason. */
function checkTakenUp(table: NbftTable): void {
  const { controllers, leftOut } = discoveryControllersOf(table, [], false);
  const unread = table.faults.filter(({ list }) => list === "discovery").length;
  expect(controllers.length + leftOut.length).toBe(table.discoveryControllers.length + unread);
  for (const { tid } of controllers) {
    for (const value of Object.values<string>({ ...tid })) expect(value).not.toMatch(/[,\n\0]/);
    expect(tid.traddr).not.toBe("");
    expect(tid.trsvcid).toMatch(/^[0-9]{1,5}$/);
    expect(tid.subsysnqn).toMatch(/^nqn\./);
  }
  for (const { because } of leftOut) expect(because.length).toBeGreaterThan(10);
}

describe("a boot firmware table", () => {
  it("survives a round trip, in every style of firmware", () => {
    fc.assert(
      fc.property(nbftTable, nbftStyle, (table, style) => {
        expect(decodeNbft(encodeNbft(table, style).bytes)).toEqual(table);
      }),
      { numRuns: 300 },
    );
  });

  it("is read at any offset, and bytes that follow it do not count", () => {
    fc.assert(
      fc.property(nbftTable, fc.uint8Array({ maxLength: 30 }), fc.nat(30), (table, behind, before) => {
        const { bytes } = encodeNbft(table);
        const within = Uint8Array.of(...new Uint8Array(before).fill(0xff), ...bytes, ...behind);
        expect(decodeNbft(within.subarray(before))).toEqual(table);
      }),
    );
  });

  it("is refused at every shorter length", () => {
    fc.assert(
      fc.property(nbftTable, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (table, part) => {
        const { bytes } = encodeNbft(table);
        expect(() => decodeNbft(bytes.subarray(0, Math.floor(part * bytes.length)))).toThrow(DecodeError);
      }),
    );
  });

  it("is refused if one byte changed and the checksum did not", () => {
    fc.assert(
      fc.property(nbftTable, fc.nat(), fc.integer({ min: 1, max: 255 }), (table, at, by) => {
        const { bytes } = encodeNbft(table);
        bytes[at % bytes.length] = (bytes[at % bytes.length]! + by) & 0xff;
        expect(() => decodeNbft(bytes)).toThrow(DecodeError);
      }),
    );
  });

  it("does not reveal the secret's path", () => {
    fc.assert(
      fc.property(nbftTable, (table) => {
        const { bytes } = encodeNbft(table, { secretKeypath: "https://h/SECRET-c0ffee" });
        const text = JSON.stringify(decodeNbft(bytes));
        expect(text).not.toContain("SECRET-c0ffee");
      }),
    );
  });
});

/** Some bytes replaced. The checksum is corrected, so that the decoder finds the change by what it breaks. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  /** The first 200 bytes hold the lengths and offsets. */
  where: fc.constantFrom("fixed", "anywhere"),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }),
    fc.constantFrom(0, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff).map((n) => Uint8Array.from(le32(n))),
  ),
});

describe("a tampered table", () => {
  it("is decoded within its bounds or refused", () => {
    fc.assert(
      fc.property(nbftTable, nbftStyle, fc.array(change, { minLength: 1, maxLength: 5 }), (table, style, changes) => {
        const { bytes } = encodeNbft(table, style);
        for (const { at, where, bytes: others } of changes) {
          const start = Math.floor(at * (where === "fixed" ? Math.min(200, bytes.length) : bytes.length));
          bytes.set(others.subarray(0, bytes.length - start), start);
        }
        const result = decoded(seal(bytes));
        if (result !== undefined) checkTakenUp(result);
      }),
      { numRuns: 1000 },
    );
  });

  it("with any one byte changed, is decoded within its bounds or refused", () => {
    const [table] = fc.sample(
      nbftTable.filter(
        (one) => one.hfis.length > 0 && one.subsystems.length > 0 && one.discoveryControllers.length > 0,
      ),
      { numRuns: 1, seed: 7 },
    );
    const { bytes } = encodeNbft(table!);
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0x00, 0x7f, 0xff]) {
        const changed = Uint8Array.from(bytes);
        changed[at] = value;
        if (decoded(seal(changed)) === undefined) refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  it("that is only noise is refused", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.uint8Array({ minLength: 120, maxLength: 600 }).map((bytes) => {
        bytes.set([0x4e, 0x42, 0x46, 0x54, ...le32(bytes.length), 1]);
        return seal(bytes);
      }),
    );
    fc.assert(
      fc.property(noise, (bytes) => void decoded(bytes)),
      { numRuns: 1000 },
    );
  });
});

describe("the largest tables", () => {
  /** Far more than the work takes, far less than unbounded work would. */
  const MILLISECONDS_MAX = 2000;

  /** 255 descriptors of each list. All texts and lists are the same, longest stretch of the heap. */
  function crowded(fill: number): Uint8Array {
    const heapStart = 128 + 32 + 255 * (32 + 128 + 64 + 32);
    const bytes = new Uint8Array(NBFT_BYTES_MAX).fill(fill);
    const view = new DataView(bytes.buffer);
    bytes.fill(0, 0, heapStart);
    bytes.set([0x4e, 0x42, 0x46, 0x54, ...le32(bytes.length), 1]);
    view.setUint32(36, heapStart, true);
    view.setUint32(40, bytes.length - heapStart, true);
    bytes.set([1, 1, 0, 0, 64, 0, 1, 0, ...le32(128), 32, 0, 1], 64);
    const refer = (at: number): void => {
      view.setUint32(at, heapStart + 8, true);
      view.setUint16(at + 4, 0xffff, true);
    };
    bytes.set([2, 1], 128);
    bytes.set([...le32(heapStart), 4, 0], 128 + 18);
    bytes.set([0x6e, 0x71, 0x6e, 0x2e, 0], heapStart);
    let start = 160;
    for (const [field, size, structure, references] of [
      [80, 32, [3, 1, 1, 3], [16]],
      [88, 128, [4, 1, 0, 0xff, 0xff, 3], [10, 16, 48, 54, 60]],
      [96, 64, [5, 1, 0xff, 0xff], [6, 12, 18, 24, 30, 36]],
      [104, 32, [6, 1, 1, 1], [6, 12]],
    ] as const) {
      bytes.set([...le32(start), size, 0, 1, 255], field);
      for (let i = 0; i < 255; i++, start += size) {
        bytes.set(structure, start);
        for (const reference of references) refer(start + reference);
      }
    }
    return seal(bytes);
  }

  it.each([0x41, 0xc3, 0x07])("full of %i, are decoded quickly", (fill) => {
    const bytes = crowded(fill);
    const begun = performance.now();
    const table = decoded(bytes);
    expect(performance.now() - begun).toBeLessThan(MILLISECONDS_MAX);
    expect(table?.faults.length).toBe(4 * 255);
  });

  it("plus one byte are refused before they are checksummed", () => {
    const bytes = new Uint8Array(NBFT_BYTES_MAX + 1);
    bytes.set([0x4e, 0x42, 0x46, 0x54, ...le32(bytes.length), 1]);
    expect(() => decodeNbft(bytes)).toThrow(`NBFT header: it claims more than ${String(NBFT_BYTES_MAX)} bytes`);
  });

  it("hold no URI that takes long to parse", () => {
    const begun = performance.now();
    for (const text of [
      `nvme+tcp://${"a-".repeat(500)}/`,
      `nvme+tcp://${"a.".repeat(500)}/`,
      `nvme+tcp://[${":".repeat(1000)}]/`,
      `nvme+tcp://${"x".repeat(1 << 20)}`,
      `nvme+${"t".repeat(1 << 20)}://h/`,
    ]) {
      expect(() => parseNvmeUri(text)).toThrow(DecodeError);
    }
    expect(performance.now() - begun).toBeLessThan(MILLISECONDS_MAX);
  });
});

describe("NVMe URIs", () => {
  it("of any text are read or refused", () => {
    const part = fc.constantFrom(
      "nvme+",
      "tcp",
      "://",
      "[",
      "]",
      "::1",
      "fe80::1",
      "%25",
      "%",
      "eth0",
      "@",
      ":",
      "8009",
      "/",
      "1.2.3.4",
      "é",
      " ",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(part, { maxLength: 10 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (value) => {
        try {
          const { host, port } = parseNvmeUri(value);
          expect(host).toMatch(/^[a-z0-9_.:-]+(%[^\s/%,[\]]{1,15})?$/);
          expect(port ?? 1).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
