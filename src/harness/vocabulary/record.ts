/** Records: keys of a file, each once, and no others. */
import { z } from "zod";
import { nearest } from "../../core/domain/nearest.js";
import type { Flat, Given, Members, RecordOf } from "./members.js";
import { complainTo, isRecord, type Part } from "./part.js";
import { merged, type Slot, slotOf } from "./slots.js";

/**
 * A record with known keys: any other key is a problem, which names the known ones. `constants` are fields that no key
 * makes: they tell a union which of its records a value is.
 */
export function record<const F extends Members>(members: F): Part<RecordOf<F>>;
export function record<const F extends Members, const C extends object>(
  members: F,
  constants: C,
): Part<Flat<RecordOf<F> & C>>;
export function record(members: Members, constants: object = {}): Part<unknown> {
  const slots = Object.entries(members).map(([key, member]) => slotOf(key, member));
  const keys = slots.flatMap((slot) => slot.keys);
  const isOurs = (value: unknown): boolean =>
    isRecord(value) && Object.entries(constants).every(([name, constant]) => value[name] === constant);
  return {
    expected: `a record with keys among ${keys.map(({ key }) => key).join(", ")}`,
    form: { kind: "record", keys },
    codec: z.codec(strictSchema(slots), z.custom<Given>(isOurs), {
      decode: (given, payload) => {
        const fields: Record<string, unknown> = {};
        const before = payload.issues.length;
        for (const slot of slots) slot.decode(given, fields, complainTo(payload));
        return payload.issues.length === before ? Object.assign(fields, constants) : z.NEVER;
      },
      encode: (fields) => merged(slots.map((slot) => slot.encode(fields))),
    }),
    mentions: (spelling, path, tell) => {
      if (!isRecord(spelling)) return;
      for (const { key, part, usual: fallback } of keys) {
        const given = spelling[key] ?? fallback;
        if (given !== undefined) part.mentions(given, [...path, key], tell);
      }
    },
    arbitrary: (fc, cast) =>
      fc.tuple(...slots.map((slot) => slot.arbitrary(fc, cast))).map((parts) => merged([...parts, constants])),
  };
}

/** The spelling: its keys, and nothing else. */
function strictSchema(slots: readonly Slot[]): z.ZodType<Given> {
  const shape: Record<string, z.ZodType> = {};
  const keys = slots.flatMap((slot) => slot.keys);
  for (const { key, part, presence, note, usual: fallback } of keys) {
    const schema = presence === "required" ? part.codec : part.codec.optional();
    const meta = {
      ...(note === "" ? {} : { description: note }),
      ...(fallback === undefined ? {} : { default: fallback }),
    };
    shape[key] = Object.keys(meta).length === 0 ? schema : schema.meta(meta);
  }
  const rules = slots.flatMap((slot) => slot.rules);
  const schema = z.strictObject(shape, { error: unknownKey(keys.map(({ key }) => key)) });
  if (rules.length === 0) return schema;
  return schema.meta(rules.length === 1 ? { ...rules[0] } : { allOf: rules });
}

function unknownKey(keys: readonly string[]): (issue: { readonly code: string; keys?: unknown }) => string {
  const all = keys.join(", ");
  return (issue) => {
    if (issue.code !== "unrecognized_keys") return `a record with keys among ${all}`;
    const unknown: unknown = Array.isArray(issue.keys) && issue.keys.length === 1 ? issue.keys[0] : undefined;
    const near = typeof unknown === "string" ? nearest(unknown, keys) : undefined;
    return near === undefined ? `one of the keys ${all}` : `${near}, or another of the keys ${all}`;
  };
}
