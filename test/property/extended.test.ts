/**
 * Extended discovery log page entries (TP8010): read in pieces they equal what was written. Hostile ones are read
 * within bounds or refused.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeExtendedEntries, encodeDiscoveryEntry } from "../../src/core/codec/discovery-log.js";
import { DecodeError } from "../../src/core/codec/error.js";
import { EXTENDED_ENTRY_BYTES_MAX, extendEntry, type ExtendedAttribute } from "../../src/core/codec/extended-entry.js";
import { extendedReadBytes, startExtended, takeExtended } from "../../src/core/controller/extended-page.js";
import type { PageRead } from "../../src/core/state/controller.js";
import type { DiscoveryLogEntry } from "../../src/core/domain/discovery-log.js";

const HEADER_BYTES = 1024;

const entry: fc.Arbitrary<DiscoveryLogEntry> = fc
  .record({ index: fc.integer({ min: 1, max: 9999 }), eflags: fc.integer({ min: 0, max: 0xffff }) })
  .map(({ index, eflags }) => ({
    trtype: "tcp",
    adrfam: 1,
    subtype: "nvme",
    treq: 0,
    portid: 1,
    cntlid: 0xffff,
    asqsz: 32,
    eflags,
    trsvcid: "4420",
    subnqn: `nqn.2024-01.io.example:vol${String(index)}`,
    traddr: "192.0.2.1",
    tsas: "",
  }));

const attribute: fc.Arbitrary<ExtendedAttribute> = fc.record({
  type: fc.integer({ min: 0, max: 0xffff }),
  value: fc
    .array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 200 })
    .map((words) => Uint8Array.from(words.flatMap((word) => [...word]))),
});

const extended = fc.record({ entry, attributes: fc.array(attribute, { maxLength: 3 }) });

function bytesOf(
  list: readonly { readonly entry: DiscoveryLogEntry; readonly attributes: readonly ExtendedAttribute[] }[],
) {
  return Buffer.concat(list.map((one) => extendEntry(encodeDiscoveryEntry(one.entry, "nul"), one.attributes)));
}

/** Reads a page as the core does, request by request; `fill` follows the end of the page. */
function readInPieces(entries: Uint8Array, records: number, totalBytes: number, fill: number): PageRead["step"] {
  const header = { genctr: "1", numrec: records, recfmt: 0, extended: true, totalBytes };
  let step: PageRead["step"] = startExtended(header);
  for (let requests = 0; step.kind === "extended-entries"; requests++) {
    expect(requests).toBeLessThan(records);
    const length = extendedReadBytes(step);
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThanOrEqual(EXTENDED_ENTRY_BYTES_MAX);
    if (totalBytes !== 0) expect(step.offset + length).toBeLessThanOrEqual(totalBytes);
    const piece = new Uint8Array(length).fill(fill);
    piece.set(entries.subarray(step.offset - HEADER_BYTES, step.offset - HEADER_BYTES + length));
    step = takeExtended(step, piece);
  }
  return step;
}

describe("extended entries", () => {
  it("decode to what was written, up to the last whole entry", () => {
    fc.assert(
      fc.property(fc.array(extended, { maxLength: 5 }), fc.nat(), (list, cut) => {
        const bytes = new Uint8Array(bytesOf(list));
        expect(decodeExtendedEntries(bytes, list.length)).toEqual({ entries: list, length: bytes.length });
        const short = bytes.subarray(0, bytes.length === 0 ? 0 : cut % bytes.length);
        const whole = decodeExtendedEntries(short, list.length);
        expect(whole.entries).toEqual(list.slice(0, whole.entries.length));
        expect(whole.length).toBeLessThanOrEqual(short.length);
      }),
    );
  });

  it("are the same when read in pieces, whether or not the header gives the page's length", () => {
    fc.assert(
      fc.property(
        fc.array(extended, { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 0xff }),
        (list, told, fill) => {
          const bytes = new Uint8Array(bytesOf(list));
          const step = readInPieces(bytes, list.length, told ? HEADER_BYTES + bytes.length : 0, fill);
          const entries = list.map((one) => one.entry);
          expect(step).toEqual({ kind: "check", genctr: "1", records: list.length, entries });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("that are hostile are read within bounds, or refused", () => {
    const change = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 0xff }) });
    // The bytes that hold lengths and counts.
    const tail = fc.record({ at: fc.integer({ min: 1024, max: 1036 }), value: fc.integer({ min: 0, max: 0xff }) });
    fc.assert(
      fc.property(
        fc.array(extended, { minLength: 1, maxLength: 6 }),
        fc.array(fc.oneof(change, tail), { maxLength: 4 }),
        fc.integer({ min: 1, max: 40 }),
        fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60_000 })),
        (list, changes, records, totalBytes) => {
          const bytes = new Uint8Array(bytesOf(list));
          for (const { at, value } of changes) bytes[at % bytes.length] = value;
          try {
            const step = readInPieces(bytes, records, totalBytes, 0);
            expect(step.kind === "check" && step.entries.length).toBe(records);
          } catch (error) {
            if (!(error instanceof DecodeError)) throw error;
            expect(error.message).toMatch(/^[\x20-\x7e]{1,120}$/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

it("a page with the largest claims is refused or read quickly", () => {
  const start = performance.now();
  const header = { genctr: "1", numrec: 65_536, recfmt: 0, extended: true };
  expect(() => startExtended({ ...header, totalBytes: 65_536 * 1032 })).toThrow(DecodeError);
  const step = startExtended({ ...header, totalBytes: 0 });
  expect(() => takeExtended(step, new Uint8Array(extendedReadBytes(step)))).toThrow(DecodeError);
  expect(performance.now() - start).toBeLessThan(1000);
});
