import fc from "fast-check";
import { expect, test } from "vitest";
import { parseControllerEntry } from "../../src/core/config/controller-entry.js";
import { parseIni } from "../../src/core/config/ini.js";
import { parseStacConfig } from "../../src/core/config/stacd.js";
import { parseStafConfig } from "../../src/core/config/stafd.js";
import { parseSysConfig } from "../../src/core/config/sys.js";
import { parseTimeSpan } from "../../src/core/domain/time-span.js";

/** Pieces of files in this dialect, in any order. */
const piece = fc.constantFrom(
  "[Global]",
  "[Controllers]",
  "[Host]",
  "[x",
  "]",
  "kato",
  "tron",
  "nqn",
  "controller",
  "exclude",
  "blacklist",
  "transport=tcp",
  "traddr=fe80::1%eth0",
  "traddr=",
  "nqn=nqn.x",
  "host-iface=eth0",
  "dhchap-secret=hush",
  "file:///x",
  "=",
  ";",
  "#",
  " ",
  "\t",
  "\n",
  "\r\n",
  "\r",
  "\u2028",
  "\u0085",
  "\0",
  "true",
  "30",
  "-1",
);

const file = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: piece, maxLength: 60 }),
  fc
    .array(fc.string({ unit: piece, maxLength: 8 }), { maxLength: 20 })
    .map((lines) => `[Controllers]\n${lines.join("\n")}`),
);

test("any text is read or refused at one of its lines, and every value is on the line that it names", () => {
  fc.assert(
    fc.property(file, (text) => {
      const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
      const result = parseIni(text);
      if (!result.ok) {
        expect(result.line).toBeGreaterThan(0);
        expect(result.line).toBeLessThanOrEqual(lines.length);
        return;
      }
      for (const { options } of result.sections.values())
        for (const values of options.values()) {
          expect(values.length).toBeGreaterThan(0);
          expect(values.at(-1)?.from).not.toBe("blank");
          let last = 0;
          for (const value of values) {
            expect(value.line).toBeGreaterThan(last);
            last = value.line;
            expect(lines[value.line - 1]).toContain(value.text);
          }
        }
    }),
    { numRuns: 500 },
  );
});

test("a written file reads back the same", () => {
  const name = fc.stringMatching(/^[a-z][a-z-]{0,8}$/);
  const value = fc.string({ unit: fc.constantFrom("a", "=", ";", "#", "[", "]", "é") });
  const sections = fc.dictionary(
    fc.stringMatching(/^[A-Z][a-z ]{0,8}$/),
    fc.dictionary(name, fc.array(value, { minLength: 1 })),
  );
  fc.assert(
    fc.property(sections, (wanted) => {
      const text = Object.entries(wanted)
        .map(([section, options]) =>
          [
            `[${section}]`,
            ...Object.entries(options).flatMap(([key, values]) => values.map((one) => `${key} = ${one}`)),
          ].join("\n"),
        )
        .join("\n");
      const result = parseIni(text);
      if (!result.ok) throw new Error(`refused line ${String(result.line)}`);
      const read = [...result.sections].map(([section, { options }]) => [
        section,
        Object.fromEntries([...options].map(([key, values]) => [key, values.map((one) => one.text)])),
      ]);
      expect(Object.fromEntries(read)).toEqual(wanted);
    }),
  );
});

test("no file makes a parser throw, and no note repeats a secret or spans lines", () => {
  fc.assert(
    fc.property(file, (text) => {
      const parsed = [
        parseStafConfig("f", text),
        parseStacConfig("f", text),
        parseSysConfig("f", text, (path) => (path.length > 3 ? undefined : text)),
      ];
      const lines = text.split(/\r\n|\r|\n/).length;
      for (const one of parsed) {
        if (!one.ok) expect(one.notes.length).toBeGreaterThan(0);
        for (const note of one.notes) {
          expect(note.line).toBeGreaterThanOrEqual(0);
          expect(note.line).toBeLessThanOrEqual(lines);
          expect(note.text).not.toMatch(/[\r\n\0\u2028]/);
          expect(note.text).not.toContain("hush");
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test("an accepted exclude names something and has no key that is not valid", () => {
  const token = fc.constantFrom(
    "transport=tcp",
    "traddr=1.2.3.4",
    "traddr=",
    "host-traddr=1.1.1.1",
    "kato=3",
    "speed=1",
    "word",
    "",
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 5 }), (tokens) => {
      const { entry, notes } = parseControllerEntry("exclude", tokens.join(";"), 1);
      const strange = tokens.some((one) => ["traddr=", "speed=1", "word"].includes(one));
      const named = tokens.some((one) => ["transport=tcp", "traddr=1.2.3.4"].includes(one));
      expect(entry !== undefined).toBe(named && !strange);
      if (entry === undefined) expect(notes.length).toBeGreaterThan(0);
    }),
  );
});

test("a span of days, hours, minutes and seconds is their sum, with units and as a clock", () => {
  const two = (value: number): string => String(value).padStart(2, "0");
  fc.assert(
    fc.property(fc.nat(400), fc.nat(23), fc.nat(59), fc.nat(59), (d, h, m, s) => {
      const total = (((d * 24 + h) * 60 + m) * 60 + s) * 1000;
      expect(parseTimeSpan(`${String(d)}:${two(h)}:${two(m)}:${two(s)}`)).toBe(total);
      expect(parseTimeSpan(`${String(d)} days, ${String(h)}h ${String(m)}min/ ${String(s)} sec`)).toBe(total);
    }),
  );
});

test("any text is a span that is not negative, or forever, or not valid", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom("1", ":", ".", "h", "m", "s", " ", "-", ",") })),
      (text) => {
        const span = parseTimeSpan(text);
        if (typeof span === "number") expect(Number.isSafeInteger(span) && span >= 0).toBe(true);
      },
    ),
  );
});
