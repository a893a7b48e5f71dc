/** What a record does with each of its members: their keys are in its file, their fields in its value. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Field, type Given, type Group, type Member, required } from "./members.js";
import type { Cast } from "./mentions.js";
import { type Arbitrary, type Complain, type FastCheck, isRecord, type KeyNote, type Part } from "./part.js";

/** One member at work. */
export interface Slot {
  readonly keys: readonly KeyNote[];
  readonly rules: readonly Given[];
  readonly decode: (given: Given, into: Record<string, unknown>, complain: Complain) => void;
  readonly encode: (fields: Given) => Given;
  readonly arbitrary: (fc: FastCheck, cast: Cast) => Arbitrary<object>;
}

/** What a record does with the member under a key. */
export function slotOf(key: string, member: Member): Slot {
  if (!("role" in member)) return fieldSlot(key, required(member, ""));
  switch (member.role) {
    case "field":
      return fieldSlot(key, member);
    case "group":
      return groupSlot(member, {
        read: (value, into) => (into[key] = value),
        write: (fields) => fields[key],
        wrap: (value) => ({ [key]: value }),
      });
    case "spread":
      return "role" in member.of ? groupSlot(member.of, MERGING) : spreadSlot(key, member.of);
  }
}

/** What the reference and the JSON Schema say about a key. */
function noteOf(key: string, { part, presence, note, usual: fallback }: Field<unknown>): KeyNote {
  return fallback === undefined
    ? { key, part, presence, note }
    : { key, part, presence, note, usual: z.encode(part.codec, fallback.value) };
}

function fieldSlot(key: string, field: Field<unknown>): Slot {
  const { part, presence, usual: fallback } = field;
  const name = field.name ?? camel(key);
  return {
    keys: [noteOf(key, field)],
    rules: [],
    decode: (given, into) => {
      const value = given[key];
      if (value !== undefined) into[name] = value;
      else if (fallback !== undefined) into[name] = fallback.value;
    },
    encode: (fields) => {
      const value = fields[name];
      const left = value === undefined || (fallback !== undefined && isDeepStrictEqual(value, fallback.value));
      return left ? {} : { [key]: value };
    },
    arbitrary: (fc, cast) => {
      const value = part.arbitrary(fc, cast);
      const made = value.map((one) => ({ [name]: one }));
      if (presence === "optional") return fc.oneof(made, fc.constant({}));
      return fallback === undefined
        ? made
        : fc.oneof({ arbitrary: made, weight: 4 }, fc.constant({ [name]: fallback.value }));
    },
  };
}

function spreadSlot(key: string, part: Part<unknown>): Slot {
  return {
    keys: [noteOf(key, required(part, ""))],
    rules: [],
    decode: (given, into) => MERGING.read(given[key], into),
    // The part picks its own fields.
    encode: (fields) => ({ [key]: fields }),
    arbitrary: (fc, cast) => part.arbitrary(fc, cast).map(MERGING.wrap),
  };
}

interface Placing {
  readonly read: (value: unknown, into: Record<string, unknown>) => void;
  readonly write: (fields: Given) => unknown;
  readonly wrap: (value: unknown) => object;
}

const MERGING: Placing = {
  read: (value, into) => Object.assign(into, value),
  write: (fields) => fields,
  wrap: (value) => (isRecord(value) ? value : {}),
};

function groupSlot(group: Group<unknown>, placing: Placing): Slot {
  return {
    keys: group.keys,
    rules: group.rules,
    decode: (given, into, complain) => {
      const value = group.decode(given, complain);
      if (value !== undefined) placing.read(value, into);
    },
    encode: (fields) => group.encode(placing.write(fields)),
    arbitrary: (fc, cast) => group.arbitrary(fc, cast).map((value) => placing.wrap(value)),
  };
}

/** Several records as one. */
export function merged(parts: readonly object[]): Given {
  const all: Record<string, unknown> = {};
  for (const part of parts) Object.assign(all, part);
  return all;
}

function camel(key: string): string {
  return key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
