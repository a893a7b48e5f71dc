/**
 * A part of the scenario language: one kind of value, and everything that follows from the way a file spells it.
 * Parts are made of smaller parts (record.ts, either.ts, list.ts); the smallest are in parts/.
 */
import type fc from "fast-check";
import { z } from "zod";
import type { Path, Point } from "../scenario/document.js";
import type { Cast, Tell } from "./mentions.js";

/** The library that generates values. A generator takes it as a parameter, so that a run does not load it. */
export type FastCheck = typeof fc;

/** A generator of values. */
export type Arbitrary<Value> = fc.Arbitrary<Value>;

/** One kind of value. */
export interface Part<out Value> {
  /** The spelling in a few words: the "expected" of a problem, and the form that the reference names. */
  readonly expected: string;
  /** Decodes the file's spelling into the value, encodes it back, and shows itself as JSON Schema. */
  readonly codec: z.ZodType<Value>;
  readonly form: Form;
  /** Name and meaning of the part, if it has its own name in the JSON Schema and the reference. */
  readonly title?: Title;
  /** Reports every name and every time in a spelling that the codec has accepted. */
  readonly mentions: (spelling: unknown, path: Path, tell: Tell) => void;
  /** Any value that a file can hold; its names are those of the cast. */
  readonly arbitrary: (fc: FastCheck, cast: Cast) => Arbitrary<Value>;
}

/** The name of a part in the JSON Schema and the reference, and what it means. */
export interface Title {
  readonly id: string;
  readonly description: string;
}

/** The value of a part. */
export type ValueOf<P> = P extends Part<infer Value> ? Value : never;

/** The outer form of a spelling: it distinguishes the alternatives of a union, and the reference shows it. */
export type Form =
  | { readonly kind: "scalar" }
  | { readonly kind: "list"; readonly element: Part<unknown> }
  | { readonly kind: "map"; readonly value: Part<unknown> }
  | { readonly kind: "record"; readonly keys: readonly KeyNote[] }
  | { readonly kind: "either"; readonly alternatives: readonly Part<unknown>[] };

/** What the reference says about one key of a record. */
export interface KeyNote {
  readonly key: string;
  readonly part: Part<unknown>;
  /** `alternative`: exactly one of several keys. */
  readonly presence: "required" | "optional" | "usual" | "alternative";
  /** What the key means if it is absent, as the file spells it. */
  readonly usual?: unknown;
  readonly note: string;
}

/** The keys of a record; none if the part is not a record. */
export function keysOf({ form }: Part<unknown>): readonly KeyNote[] {
  return form.kind === "record" ? form.keys : [];
}

/** The form of a text, a number or a flag. */
export const SCALAR: Form = { kind: "scalar" };

/** A record of the file: a plain object. */
export function isRecord(spelling: unknown): spelling is Readonly<Record<string, unknown>> {
  return typeof spelling === "object" && spelling !== null && !Array.isArray(spelling);
}

/** Whether a spelling has the outer form of a part. Exact for spellings that the union of the parts has accepted. */
export function hasForm({ form }: Part<unknown>, spelling: unknown): boolean {
  switch (form.kind) {
    case "scalar":
      return typeof spelling !== "object";
    case "list":
      return Array.isArray(spelling);
    case "map":
      return isRecord(spelling);
    case "record":
      return isRecord(spelling) && form.keys.every(({ key, presence }) => presence !== "required" || key in spelling);
    case "either":
      return form.alternatives.some((alternative) => hasForm(alternative, spelling));
  }
}

/** Says what is wrong with a value; `path` begins at the value. */
export type Complain = (path: Path, expected: string, point?: Point) => void;

/** The payload of a codec's function, as far as complaints need it. */
interface Payload {
  readonly value: unknown;
  readonly issues: z.core.$ZodRawIssue[];
}

/** Turns complaints of a codec into issues of its payload. */
export function complainTo(payload: Payload): Complain {
  return (path, expected, point = "value") => {
    payload.issues.push({
      code: "custom",
      input: payload.value,
      path: [...path],
      message: expected,
      params: { point },
    });
  };
}

/** A part whose value is made from that of another, one to one. */
export function mapped<A, B>(
  part: Part<A>,
  { read, write }: { readonly read: (value: A) => B; readonly write: (value: B) => A },
): Part<B> {
  return {
    ...part,
    codec: z.codec(part.codec, z.custom<B>(), { decode: read, encode: write }),
    arbitrary: (fc, cast) => part.arbitrary(fc, cast).map(read),
  };
}

/** A part whose value must pass a check of several of its keys together. */
export function checked<Value>(part: Part<Value>, check: (value: Value, complain: Complain) => void): Part<Value> {
  const passes = (value: Value): boolean => {
    let clean = true;
    check(value, () => (clean = false));
    return clean;
  };
  return {
    ...part,
    codec: part.codec.check((payload) => {
      check(payload.value, complainTo(payload));
    }),
    arbitrary: (fc, cast) => part.arbitrary(fc, cast).filter(passes),
  };
}

/** A part in a place where its name may exist already: an interface that a step brings back. */
export function again<Value>(part: Part<Value>): Part<Value> {
  return {
    ...part,
    mentions: (spelling, path, tell) => {
      part.mentions(spelling, path, (mention, at) => {
        tell(mention.kind === "definition" ? { ...mention, kind: "addition" } : mention, at);
      });
    },
  };
}

/** A part with its own name in the JSON Schema and the reference. */
export function titled<Value>(id: string, description: string, part: Part<Value>): Part<Value> {
  return { ...part, title: { id, description }, codec: part.codec.meta({ id, description }) };
}

/** A part that the reference describes in place. */
export function untitled<Value>({ title: _title, ...part }: Part<Value>): Part<Value> {
  return part;
}

/** Records of one kind. `kind` is not in the file: it follows from the word, or from the form of the record. */
export function kinded<const K extends string, Value extends object>(
  kind: K,
  part: Part<Value>,
): Part<{ readonly kind: K } & Value>;
export function kinded(kind: string, part: Part<object>): Part<object> {
  const isOfKind = (value: unknown): boolean => isRecord(value) && value["kind"] === kind;
  return {
    ...part,
    codec: z.codec(part.codec, z.custom<{ readonly kind: string }>(isOfKind), {
      decode: (rest) => ({ kind, ...rest }),
      encode: ({ kind: _kind, ...rest }) => rest,
    }),
    arbitrary: (fc, cast) => part.arbitrary(fc, cast).map((rest) => ({ kind, ...rest })),
  };
}

/** A record of one field, spelt as the value of that field alone: `remove-device: dc1`. */
export function sole<const Name extends string, Value>(
  name: Name,
  part: Part<Value>,
): Part<{ readonly [K in Name]: Value }>;
export function sole(name: string, part: Part<unknown>): Part<object> {
  return mapped(part, {
    read: (value) => ({ [name]: value }),
    write: (record: Readonly<Record<string, unknown>>) => record[name],
  });
}
