import { describe, expect, test } from "vitest";
import { parseIni } from "../../../src/core/config/ini.js";

/** `section.option` with its values as `line:text`. */
function read(text: string): Record<string, readonly string[]> {
  const result = parseIni(text);
  if (!result.ok) throw new Error(`line ${String(result.line)}: ${result.problem}`);
  const out: Record<string, readonly string[]> = {};
  for (const [section, { options }] of result.sections)
    for (const [name, values] of options)
      out[`${section}.${name}`] = values.map(({ line, text: value, from }) =>
        from === "option" || from === "continuation" ? `${String(line)}:${value}` : `${String(line)}:<${from}>`,
      );
  return out;
}

describe("the dialect", () => {
  test.each<[string, string, Record<string, readonly string[]>]>([
    ["values are stripped, names lower-cased", "[S]\n  Kato =  30 \t\n", { "S.kato": ["2:30"] }],
    ["only the first = parts", "[S]\na=b=c==", { "S.a": ["2:b=c=="] }],
    ["a colon parts nothing", "[S]\na:b", { "S.a:b": ["2:<bare>"] }],
    [
      "repeated options and sections accumulate",
      "[S]\na=1\n[T]\nb=2\n[S]\na=3",
      { "S.a": ["2:1", "6:3"], "T.b": ["4:2"] },
    ],
    ["a deeper line continues", "[S]\na=1\n  2\n\t3\nb=4", { "S.a": ["2:1", "3:2", "4:3"], "S.b": ["5:4"] }],
    ["a line as deep starts anew", "[S]\n  a=1\n  b=2", { "S.a": ["2:1"], "S.b": ["3:2"] }],
    [
      "a continuation may look like an option or a section",
      "[S]\na=1\n b=2\n [T]",
      { "S.a": ["2:1", "3:b=2", "4:[T]"] },
    ],
    ["comments stand alone", "# x\n[S]\n; y\na=1 # z ; z\n  # w\n b", { "S.a": ["4:1 # z ; z", "6:b"] }],
    [
      "blank lines inside a value count, behind it not",
      "[S]\na=1\n\n 2\n\n\n[T]",
      { "S.a": ["2:1", "3:<blank>", "4:2"] },
    ],
    ["an empty value is a value", "[S]\na=\na =1\na=", { "S.a": ["2:", "3:1", "4:"] }],
    ["a name may stand alone", "[S]\na\nb", { "S.a": ["2:<bare>"], "S.b": ["3:<bare>"] }],
    ["the last bracket ends a section's name", "[S]x]y\na=1", { "S]x.a": ["2:1"] }],
    ["an unclosed section is an option", "[S]\n[T\na=1", { "S.[t": ["2:<bare>"], "S.a": ["3:1"] }],
    [
      "any line end, and a byte order mark",
      "\ufeff[S]\r\na=1\rb=2\nc=3",
      { "S.a": ["2:1"], "S.b": ["3:2"], "S.c": ["4:3"] },
    ],
    [
      "nothing is interpolated, and nothing inherited",
      "[DEFAULT]\na=1\n[S]\nb=%(a)s",
      { "DEFAULT.a": ["2:1"], "S.b": ["4:%(a)s"] },
    ],
    ["names of JavaScript's own mean nothing", "[__proto__]\nconstructor=1", { "__proto__.constructor": ["2:1"] }],
    ["Python's white space", "[S]\n\u3000a\u00a0=\u20281\u0085", { "S.a": ["2:1"] }],
    ["an empty file", "", {}],
  ])("%s", (_what, text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});

test.each([
  ["an option before any section", "\n# c\na=1\n[S]", 3],
  ["an empty section name", "[]", 1],
  ["a value without a name", "[S]\na=1\n= 2", 3],
])("%s breaks the file, at a line", (_what, text, line) => {
  expect(parseIni(text)).toMatchObject({ ok: false, line });
});

test("a hostile line costs linear time", () => {
  const spaces = " ".repeat(400_000);
  const started = performance.now();
  expect(read(`[S]\na=x${spaces}y${spaces}`)).toEqual({ "S.a": [`2:x${spaces}y`] });
  expect(performance.now() - started).toBeLessThan(1000);
});
