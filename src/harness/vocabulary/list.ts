/** Lists, and records by any key. */
import { z } from "zod";
import { either, shorthand } from "./either.js";
import { isRecord, type Part } from "./part.js";

/** The most elements of a generated list. */
const GENERATED_MAX = 3;

/** The shortest valid list, and what a problem says about a shorter one. */
interface Least {
  readonly min: number;
  readonly expected: string;
}

/** A list of one kind of element. `expected` names it. */
export function list<Value>(element: Part<Value>, expected: string, least?: Least): Part<readonly Value[]> {
  const schema = z.array(element.codec, { error: expected });
  return {
    expected,
    form: { kind: "list", element },
    codec: least === undefined ? schema : schema.min(least.min, { error: least.expected }),
    mentions: (spelling, path, tell) => {
      if (!Array.isArray(spelling)) return;
      for (const [index, one] of spelling.entries()) element.mentions(one, [...path, index], tell);
    },
    arbitrary: (fc, cast) =>
      fc.array(element.arbitrary(fc, cast), { minLength: least?.min ?? 0, maxLength: GENERATED_MAX }),
  };
}

/** A list that a file may spell as its single element. */
export function oneOrMore<Value>(element: Part<Value>, expected: string, listExpected: string): Part<readonly Value[]> {
  const alone = shorthand<Value, readonly Value[]>(element, {
    read: (value) => [value],
    write: ([first, ...others]) => (others.length === 0 ? first : undefined),
  });
  return either(expected, [alone, list(element, listExpected)]);
}

/** A record whose keys the file chooses. */
export function map<Value>(
  key: Part<string>,
  value: Part<Value>,
  expected: string,
): Part<Readonly<Record<string, Value>>> {
  return {
    expected,
    form: { kind: "map", value },
    codec: z.record(key.codec, value.codec, { error: expected }),
    mentions: (spelling, path, tell) => {
      if (!isRecord(spelling)) return;
      for (const [name, one] of Object.entries(spelling)) {
        key.mentions(name, [...path, name], (mention, at) => {
          tell(mention, at, "key");
        });
        value.mentions(one, [...path, name], tell);
      }
    },
    arbitrary: (fc, cast) =>
      // No file can hold this key.
      fc.dictionary(
        key.arbitrary(fc, cast).filter((name) => name !== "__proto__"),
        value.arbitrary(fc, cast),
        {
          maxKeys: GENERATED_MAX,
        },
      ),
  };
}
