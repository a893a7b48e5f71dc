/** Unions: a value that a file spells in one of several ways. */
import { z } from "zod";
import { complainTo, hasForm, type Part, type ValueOf } from "./part.js";

/**
 * One of several parts, distinguished by their form. Writes a value as the first alternative that accepts it.
 * `expected` names them all.
 */
export function either<const P extends readonly Part<unknown>[]>(
  expected: string,
  alternatives: P,
): Part<ValueOf<P[number]>>;
export function either(expected: string, alternatives: readonly Part<unknown>[]): Part<unknown> {
  return {
    expected,
    form: { kind: "either", alternatives },
    codec: z.union(
      alternatives.map(({ codec }) => codec),
      { error: expected },
    ),
    mentions: (spelling, path, tell) => {
      alternatives.find((alternative) => hasForm(alternative, spelling))?.mentions(spelling, path, tell);
    },
    arbitrary: (fc, cast) => fc.oneof(...alternatives.map((alternative) => alternative.arbitrary(fc, cast))),
  };
}

/** A short spelling of a value that also has a longer one. In `either` it comes before the longer one. */
export function shorthand<Short, Value>(
  part: Part<Short>,
  {
    read,
    write,
  }: {
    readonly read: (short: Short) => Value;
    /** `undefined`: the value needs its long spelling. */
    readonly write: (value: Value) => Short | undefined;
  },
): Part<Value> {
  return {
    ...part,
    codec: z.codec(part.codec, z.custom<Value>(), {
      decode: read,
      encode: (value, payload) => {
        const short = write(value);
        if (short !== undefined) return short;
        complainTo(payload)([], "a value with a short spelling");
        return z.NEVER;
      },
    }),
    arbitrary: (fc, cast) => part.arbitrary(fc, cast).map(read),
  };
}
