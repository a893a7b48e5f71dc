/** Keys of one record that belong together. */
import type { Field, Given, Group, Members, RecordOf } from "./members.js";
import { type Complain, isRecord, type KeyNote, type Part } from "./part.js";
import { merged, slotOf } from "./slots.js";

/** How the fields of a group's keys make its value. */
interface Making<Fields, Value> {
  /** `undefined`: it complained. Paths begin at the record around the group. */
  read(fields: Fields, complain: Complain): Value | undefined;
  write(value: Value): Fields;
  /** Keys of which exactly one must be present, for the JSON Schema. `read` complains if that is not so. */
  readonly oneOf?: readonly string[];
}

/** Keys that make one value together. */
export function group<const F extends Members, Value>(members: F, making: Making<RecordOf<F>, Value>): Group<Value>;
export function group(members: Members, making: Making<unknown, unknown>): Group<unknown> {
  const slots = Object.entries(members).map(([key, member]) => slotOf(key, member));
  const read = (fields: unknown): unknown => making.read(fields, () => undefined);
  return {
    role: "group",
    keys: slots.flatMap((slot) => slot.keys),
    rules: making.oneOf === undefined ? [] : [exactlyOneOf(making.oneOf)],
    decode: (given, complain) => {
      const fields: Record<string, unknown> = {};
      for (const slot of slots) slot.decode(given, fields, complain);
      return making.read(fields, complain);
    },
    encode: (value) => {
      const written = making.write(value);
      const fields = isRecord(written) ? written : {};
      return merged(slots.map((slot) => slot.encode(fields)));
    },
    arbitrary: (fc, cast) =>
      fc
        .tuple(...slots.map((slot) => slot.arbitrary(fc, cast)))
        .map((parts) => read(merged(parts)))
        .filter((value) => value !== undefined),
  };
}

/** How a key and its value make the value of the group, and what a problem says. */
interface Choice<Key extends string, Chosen, Value> {
  read(key: Key, chosen: Chosen): Value;
  write(value: Value): readonly [key: Key, chosen: Chosen];
  /** What is expected if none of the keys is present. */
  readonly none: string;
  /** What is expected if another key is present beside `first`. */
  readonly second: (first: string) => string;
}

/** Exactly one of several keys. */
export function exactlyOne<Key extends string, Chosen, Value>(
  alternatives: Readonly<Record<Key, Part<Chosen> | Field<Chosen>>>,
  choice: Choice<Key, Chosen, Value>,
): Group<Value>;
export function exactlyOne(
  alternatives: Readonly<Record<string, Part<unknown> | Field<unknown>>>,
  choice: Choice<string, unknown, unknown>,
): Group<unknown> {
  const keys = Object.entries(alternatives).map(([key, member]): KeyNote => {
    const { part, note } = "role" in member ? member : { part: member, note: "" };
    return { key, part, presence: "alternative", note };
  });
  const names = Object.keys(alternatives);
  return {
    role: "group",
    keys,
    rules: [exactlyOneOf(names)],
    decode: (given, complain) => {
      const [key, other] = names.filter((name) => given[name] !== undefined);
      if (key !== undefined && other === undefined) return choice.read(key, given[key]);
      if (key === undefined) complain([], choice.none);
      else if (other !== undefined) complain([other], choice.second(key), "key");
      return undefined;
    },
    encode: (value) => Object.fromEntries([choice.write(value)]),
    arbitrary: (fc, cast) =>
      fc.oneof(...keys.map(({ key, part }) => part.arbitrary(fc, cast).map((chosen) => choice.read(key, chosen)))),
  };
}

/** A rule of JSON Schema. */
function exactlyOneOf(keys: readonly string[]): Given {
  return { oneOf: keys.map((key) => ({ required: [key] })) };
}
