import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseScenario } from "../../../src/harness/scenario/parse.js";
import { EXAMPLES } from "./scenario-helpers.js";

/** The parser never throws. It returns a scenario, or problems at places in the file. */
function check(text: string): void {
  const parsed = parseScenario("fuzz.yaml", text);
  if (parsed.ok) return;
  expect(parsed.problems.length).toBeGreaterThan(0);
  const lines = text.split(/\r\n|\r|\n/).length;
  for (const { line, column, expected, found } of parsed.problems) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(expected).not.toBe("");
    expect(expected).not.toBe("another value");
    expect(found).not.toBe("");
  }
}

const SHARDS = [
  "format: 1\n",
  "title: t\n",
  "timeline:\n",
  "  - { at: 1s, ",
  "start: staf }\n",
  "expect:\n",
  "&a ",
  "*a",
  "<<: ",
  "!!set ",
  "!!binary ",
  "? ",
  "- ",
  "{ ",
  "[ ",
  "}",
  "]",
  ": ",
  "|\n",
  "---\n",
  "...\n",
  "%YAML 1.1\n",
  "\t",
  "\r\n",
  "null",
  ".nan",
  "-.inf",
  "99999999999999999999",
  "__proto__: ",
  "constructor: ",
  "toString: ",
  "'",
  '"',
  "\\u0000",
];

describe("any text", () => {
  it("is read or refused", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), check), { numRuns: 500 });
  });

  it("made of pieces of YAML is read or refused", () => {
    const pieces = fc.array(fc.oneof(fc.constantFrom(...SHARDS), fc.string({ maxLength: 5 })), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, (parts) => {
        check(parts.join(""));
      }),
      { numRuns: 1_000 },
    );
  });

  it("one edit away from a good file is read or refused", () => {
    const full = EXAMPLES[1] ?? "";
    const edit = fc.record({
      at: fc.nat(full.length),
      remove: fc.nat(12),
      insert: fc.oneof(fc.constantFrom(...SHARDS), fc.string({ maxLength: 3 })),
    });
    fc.assert(
      fc.property(edit, ({ at, remove, insert }) => {
        check(full.slice(0, at) + insert + full.slice(at + remove));
      }),
      { numRuns: 200 },
    );
  });

  it("with one value replaced by another is read or refused", () => {
    const full = EXAMPLES[1] ?? "";
    const values = [...full.matchAll(/(?<=[:,[{] )[^\s,\]}[{]+/g)];
    const swap = fc.record({
      which: fc.nat(values.length - 1),
      to: fc.constantFrom(
        "null",
        "1",
        "-1",
        "0.5",
        "true",
        "x",
        "[]",
        "{}",
        "[{}]",
        "{ a: 1 }",
        '""',
        "toString",
        "dc1",
        "9999d",
      ),
    });
    fc.assert(
      fc.property(swap, ({ which, to }) => {
        const value = values[which];
        if (value === undefined) throw new Error("no such value");
        check(full.slice(0, value.index) + to + full.slice(value.index + value[0].length));
      }),
      { numRuns: 200 },
    );
  });
});
