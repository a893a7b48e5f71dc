/**
 * Compares the INI dialect with a second implementation: Python's own configparser, as nvme-stas uses it. Without
 * python3 it still compares its recorded results.
 */
import fc from "fast-check";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { parseIni, type IniValue } from "../../src/core/config/ini.js";

const RUNS = 3_000;

const resultShape = z.union([
  z.strictObject({ kind: z.enum(["refused", "failed"]) }),
  z.strictObject({
    kind: z.literal("read"),
    sections: z.array(z.tuple([z.string(), z.array(z.tuple([z.string(), z.array(z.string()).nullable()]))])),
  }),
]);
type Result = z.infer<typeof resultShape>;

const recorded = z
  .array(z.strictObject({ text: z.string(), result: resultShape }))
  .min(50)
  .parse(JSON.parse(readFileSync("test/fixtures/ini/python.json", "utf8")));

/**
 * Our values of an option, as Python has them. In Python a name without `=` forgets its values, and empty values at
 * the end vanish. We keep both, because a person should hear of them.
 */
function asPython(values: readonly IniValue[]): string[] | null {
  if (values.at(-1)?.from === "bare") return null;
  const texts = values.map(({ text }) => text);
  while (texts.length > 1 && texts.at(-1) === "") texts.pop();
  return texts;
}

/** Our reader's result for a file, in Python's form. */
function ours(text: string): Result {
  const read = parseIni(text);
  if (!read.ok) return { kind: "refused" };
  const sections = [...read.sections].map(([name, { options }]): [string, [string, string[] | null][]] => [
    name,
    [...options].map(([key, values]): [string, string[] | null] => [key, asPython(values)]),
  ]);
  return { kind: "read", sections };
}

function python(texts: readonly string[]): readonly Result[] | undefined {
  const input = JSON.stringify(texts);
  const ran = spawnSync("python3", ["test/property/python-ini.py"], { input, encoding: "utf8", maxBuffer: 1 << 28 });
  if (ran.error !== undefined) return undefined;
  expect(ran.stderr).toBe("");
  return z.array(resultShape).parse(JSON.parse(ran.stdout));
}

/** If Python crashes without an error of its own, ours may do anything. Otherwise the two agree. */
function compare(text: string, theirs: Result): void {
  if (theirs.kind !== "failed") expect({ text, result: ours(text) }).toEqual({ text, result: theirs });
}

const piece = fc.constantFrom(
  "[",
  "]",
  "=",
  "#",
  ";",
  " ",
  "\t",
  "\n",
  ":",
  "a",
  "\r\n",
  "\r",
  "\n\n",
  "\n ",
  "\n  ",
  "[A]\n",
  "[B]",
  "Key=",
  "key = v",
  "KEY",
  "v\n",
  "\u00a0",
  "\u2028",
  "\u0085",
  "\f",
  "\v",
  "\u001c",
  "é",
);
const file = fc.oneof(
  fc.string({ unit: piece, maxLength: 30 }),
  fc.string({ unit: piece, maxLength: 30 }).map((text) => `[A]\n${text}`),
);

const sample = fc.sample(file, RUNS);
const second = python(sample);

test("files with a recorded configparser result are read alike", () => {
  for (const { text, result } of recorded) compare(text, result);
});

test(
  second === undefined
    ? "python3 is absent: only the recorded files were compared"
    : `${String(RUNS)} files are read as python3 reads them`,
  () => {
    for (const [at, text] of sample.entries()) {
      const result = second?.[at];
      if (result !== undefined) compare(text, result);
    }
    expect(second?.length ?? RUNS).toBe(RUNS);
  },
);
