/**
 * Members of records: the keys of a file, and the fields of the value that they make. The field of a key has its name
 * (`made-by` makes `madeBy`) unless `as` gives another. `spread` makes several fields of one key, and a group makes
 * one field of several keys.
 */
import type { Cast } from "./mentions.js";
import type { Arbitrary, Complain, FastCheck, KeyNote, Part } from "./part.js";

type Presence = KeyNote["presence"];

/** Values by key, or by name of the field. */
export type Given = Readonly<Record<string, unknown>>;

/** One key, and the field that it makes. */
export interface Field<out Value, out P extends Presence = Presence, out Name = string | undefined> {
  readonly role: "field";
  readonly part: Part<Value>;
  readonly presence: P;
  readonly note: string;
  /** Name of the field, if it does not follow from the key. */
  readonly name: Name;
  /** What an absent key means. A file leaves out a key whose value equals this. */
  readonly usual: { readonly value: unknown } | undefined;
}

/** Several keys that make one value together. */
export interface Group<out Value> {
  readonly role: "group";
  readonly keys: readonly KeyNote[];
  /** What the JSON Schema says about these keys together. */
  readonly rules: readonly Given[];
  /** Takes the decoded values of the keys that are present. `undefined`: it complained. */
  readonly decode: (given: Given, complain: Complain) => Value | undefined;
  readonly encode: (value: unknown) => Given;
  readonly arbitrary: (fc: FastCheck, cast: Cast) => Arbitrary<Value>;
}

/** A key, or a group of keys, whose fields are fields of the record around it. */
export interface Spread<out Value> {
  readonly role: "spread";
  readonly of: Part<Value> | Group<Value>;
}

/** What makes a part of a record; a bare part is a key that must be there. */
export type Member = Part<unknown> | Field<unknown> | Group<unknown> | Spread<unknown>;

/** Members by key, in the order of the file. A group, or what is spread, has keys of its own. */
export type Members = Readonly<Record<string, Member>>;

/** A key that must be present. A bare part is such a key without a note. */
export function required<Value>(part: Part<Value>, note: string): Field<Value, "required", undefined> {
  return { role: "field", part, presence: "required", note, name: undefined, usual: undefined };
}

/** A key that may be absent. Then its field is absent too. */
export function optional<Value>(part: Part<Value>, note = ""): Field<Value, "optional", undefined> {
  return { role: "field", part, presence: "optional", note, name: undefined, usual: undefined };
}

/** A key that means `value` if it is absent. */
export function usual<Value>(part: Part<Value>, value: NoInfer<Value>, note = ""): Field<Value, "usual", undefined> {
  return { role: "field", part, presence: "usual", note, name: undefined, usual: { value } };
}

/** Gives the field of a key its own name. */
export function as<const Name extends string, Value, P extends Presence = "required">(
  name: Name,
  member: Field<Value, P> | Part<Value>,
): Field<Value, P, Name>;
export function as(name: string, member: Field<unknown> | Part<unknown>): Field<unknown> {
  return { ...("role" in member ? member : required(member, "")), name };
}

/** Merges the fields of a record or a group into the record around it. */
export function spread<Value>(of: Part<Value> | Group<Value>): Spread<Value> {
  return { role: "spread", of };
}

type Camel<Key> = Key extends `${infer First}-${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Key;

type NameOf<Key, M> = M extends Field<unknown, Presence, infer Name extends string> ? Name : Camel<Key>;

/** The name of the field that a member makes, if that field is always present. */
type Always<Key, M> =
  M extends Spread<unknown>
    ? never
    : M extends Group<unknown>
      ? Key
      : M extends Field<unknown, "optional">
        ? never
        : NameOf<Key, M>;

type Sometimes<Key, M> = M extends Field<unknown, "optional"> ? NameOf<Key, M> : never;

type ValueIn<M> =
  M extends Field<infer Value>
    ? Value
    : M extends Group<infer Value>
      ? Value
      : M extends Part<infer Value>
        ? Value
        : never;

/** All spreads of a record as one type. Boxed, so that a union that one of them makes stays a union. */
type Boxes<F> = {
  [K in keyof F]: F[K] extends Spread<infer Value> ? (box: { readonly value: Value }) => void : never;
}[keyof F];
type Unboxed<B> = [B] extends [never] ? unknown : [B] extends [(box: infer Box) => void] ? ValueOfBox<Box> : never;
type ValueOfBox<Box> = Box extends { readonly value: infer Value } ? Value : never;

/** A type written out, with its fields in one place. */
export type Flat<T> = T extends unknown ? { readonly [K in keyof T]: T[K] } : never;

/** The value of a record with these members. */
export type RecordOf<F> = Flat<
  { readonly [K in keyof F as Always<K, F[K]>]: ValueIn<F[K]> } & {
    readonly [K in keyof F as Sometimes<K, F[K]>]?: ValueIn<F[K]>;
  } & Unboxed<Boxes<F>>
>;
