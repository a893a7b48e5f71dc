import { describe, expect, test } from "vitest";
import { parseIni } from "../../../src/core/config/ini.js";

/** Each `section.option` with its values as `line:text`. */
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

describe("the INI dialect", () => {
  test.each<[string, string, Record<string, readonly string[]>]>([
    ["strips values and lower-cases names", "[S]\n  Kato =  30 \t\n", { "S.kato": ["2:30"] }],
    ["splits at the first = only", "[S]\na=b=c==", { "S.a": ["2:b=c=="] }],
    ["does not split at a colon", "[S]\na:b", { "S.a:b": ["2:<bare>"] }],
    [
      "accumulates repeated options and sections",
      "[S]\na=1\n[T]\nb=2\n[S]\na=3",
      { "S.a": ["2:1", "6:3"], "T.b": ["4:2"] },
    ],
    ["continues a value on a deeper line", "[S]\na=1\n  2\n\t3\nb=4", { "S.a": ["2:1", "3:2", "4:3"], "S.b": ["5:4"] }],
    ["starts an option on a line of equal depth", "[S]\n  a=1\n  b=2", { "S.a": ["2:1"], "S.b": ["3:2"] }],
    [
      "lets a continuation look like an option or a section",
      "[S]\na=1\n b=2\n [T]",
      { "S.a": ["2:1", "3:b=2", "4:[T]"] },
    ],
    [
      "knows comments only on lines of their own",
      "# x\n[S]\n; y\na=1 # z ; z\n  # w\n b",
      { "S.a": ["4:1 # z ; z", "6:b"] },
    ],
    [
      "counts blank lines inside a value, not after it",
      "[S]\na=1\n\n 2\n\n\n[T]",
      { "S.a": ["2:1", "3:<blank>", "4:2"] },
    ],
    ["keeps an empty value", "[S]\na=\na =1\na=", { "S.a": ["2:", "3:1", "4:"] }],
    ["allows a name without a value", "[S]\na\nb", { "S.a": ["2:<bare>"], "S.b": ["3:<bare>"] }],
    ["ends a section's name at the last bracket", "[S]x]y\na=1", { "S]x.a": ["2:1"] }],
    ["reads an unclosed section as an option", "[S]\n[T\na=1", { "S.[t": ["2:<bare>"], "S.a": ["3:1"] }],
    [
      "takes any line end, and a byte order mark",
      "\ufeff[S]\r\na=1\rb=2\nc=3",
      { "S.a": ["2:1"], "S.b": ["3:2"], "S.c": ["4:3"] },
    ],
    ["interpolates and inherits nothing", "[DEFAULT]\na=1\n[S]\nb=%(a)s", { "DEFAULT.a": ["2:1"], "S.b": ["4:%(a)s"] }],
    ["gives JavaScript's own names no meaning", "[__proto__]\nconstructor=1", { "__proto__.constructor": ["2:1"] }],
    ["strips what Python counts as white space", "[S]\n\u3000a\u00a0=\u20281\u0085", { "S.a": ["2:1"] }],
    ["reads an empty file", "", {}],
  ])("%s", (_what, text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});

test.each([
  ["an option before any section", "\n# c\na=1\n[S]", 3],
  ["an empty section name", "[]", 1],
  ["a value without a name", "[S]\na=1\n= 2", 3],
])("%s makes the file invalid, and the line is named", (_what, text, line) => {
  expect(parseIni(text)).toMatchObject({ ok: false, line });
});

test("a hostile line takes linear time", () => {
  const spaces = " ".repeat(400_000);
  const started = performance.now();
  expect(read(`[S]\na=x${spaces}y${spaces}`)).toEqual({ "S.a": [`2:x${spaces}y`] });
  expect(performance.now() - started).toBeLessThan(1000);
});
