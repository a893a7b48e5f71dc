/** Texts, numbers, flags and choices: the leaves of the language. */
import { z } from "zod";
import { complainTo, type Arbitrary, type FastCheck, type Part, SCALAR } from "../part.js";
import type { Cast } from "../mentions.js";

type Generator<Value> = (fc: FastCheck, cast: Cast) => Arbitrary<Value>;

/** A leaf mentions no name and no time. */
function leaf<Value>(expected: string, codec: z.ZodType<Value>, arbitrary: Generator<Value>): Part<Value> {
  return { expected, form: SCALAR, codec, mentions: () => undefined, arbitrary };
}

interface Pattern {
  /** What editors check; `accepts` may be stricter. */
  readonly pattern: RegExp;
  readonly accepts?: (text: string) => boolean;
  readonly arbitrary: Generator<string>;
}

/** A text of a certain form. */
export function text(expected: string, { pattern, accepts, arbitrary }: Pattern): Part<string> {
  const schema = z.string({ error: expected }).regex(pattern, { error: expected });
  const codec = accepts === undefined ? schema : schema.refine(accepts, { error: expected, abort: true });
  return leaf(expected, codec, arbitrary);
}

interface Reading<Value> {
  readonly pattern: RegExp;
  /** `undefined`: the text has the form but no meaning. */
  readonly read: (text: string) => Value | undefined;
  readonly write: (value: Value) => string;
  readonly arbitrary: Generator<Value>;
}

/** A text that stands for a value of another type. */
export function reading<Value>(expected: string, { pattern, read, write, arbitrary }: Reading<Value>): Part<Value> {
  const schema = z.string({ error: expected }).regex(pattern, { error: expected });
  const codec = z.codec(schema, z.custom<Value>(), {
    decode: (spelling, payload) => {
      const value = read(spelling);
      if (value !== undefined) return value;
      complainTo(payload)([], expected);
      return z.NEVER;
    },
    encode: write,
  });
  return leaf(expected, codec, arbitrary);
}

/** The longest text of a scenario that is not a file, in characters. */
const LINE_MAX = 4_096;

/** Texts that a careless writer of YAML gets wrong. */
const AWKWARD = ["6.1", "null", "true", "0x10", "- a", "a: b", "# no", "*a", "%x", "é 世", "'", '"', "~", "1e3", "<<"];

const anyLine: Generator<string> = (fc) =>
  fc.oneof(fc.constantFrom(...AWKWARD), fc.string({ minLength: 1, maxLength: 20 }));

/** A text that is not empty. */
export function line(expected: string, accepts?: (text: string) => boolean): Part<string> {
  const schema = z.string({ error: expected }).min(1, { error: expected }).max(LINE_MAX, { error: expected });
  const codec = accepts === undefined ? schema : schema.refine(accepts, { error: expected, abort: true });
  return leaf(expected, codec, anyLine);
}

/** Any text, of any number of lines, at most `max` characters long. */
export function anyText(expected: string, max?: number): Part<string> {
  const schema = z.string({ error: expected });
  const codec = max === undefined ? schema : schema.max(max, { error: `at most ${String(max)} characters` });
  return leaf(expected, codec, (fc) =>
    fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom(...AWKWARD, "[a]\n b = c\n\n", "\n x \n")),
  );
}

/** An integer in a closed range. */
export function integer(min: number, max: number): Part<number> {
  const expected = `an integer from ${String(min)} to ${String(max)}`;
  const codec = z.int({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
  return leaf(expected, codec, (fc) =>
    fc.oneof(fc.integer({ min, max }), fc.integer({ min, max: Math.min(max, min + 9) })),
  );
}

/** A number from 0 to 1. */
export const share: Part<number> = leaf(
  "a number from 0 to 1",
  z
    .number({ error: "a number from 0 to 1" })
    .min(0, { error: "a number from 0 to 1" })
    .max(1, { error: "a number from 0 to 1" }),
  (fc) => fc.double({ min: 0, max: 1, noNaN: true }).map((value) => (value === 0 ? 0 : value)),
);

/** `true` or `false`. */
export const flag: Part<boolean> = leaf("true or false", z.boolean({ error: "true or false" }), (fc) => fc.boolean());

/** One of several words. */
export function choice<const Words extends readonly string[]>(words: Words): Part<Words[number]> {
  const expected = words.length === 1 ? String(words[0]) : `one of ${words.join(", ")}`;
  return leaf(expected, z.enum(words, { error: expected }), (fc) => fc.constantFrom(...words));
}

/** A number that is always the same. */
export function literal<const Value extends number>(value: Value, expected: string): Part<Value> {
  return leaf(expected, z.literal(value, { error: expected }), (fc) => fc.constant(value));
}

/** How often something may happen. */
export const count = integer(0, 1_000_000_000);

/** At which occurrence, or how often. */
export const times = integer(1, 1_000_000);

/** The source of a regular expression with the flag u. */
export const pattern: Part<string> = {
  ...line("a regular expression (flag u)", isRegularExpression),
  arbitrary: (fc) => fc.constantFrom("a|b", "\\d+", "true", "^a.*[^b]$"),
};

function isRegularExpression(source: string): boolean {
  try {
    new RegExp(source, "u");
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
