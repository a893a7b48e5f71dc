/**
 * Words: what a file can say in one place. A word gives its key, what stands under it, what it means and one example.
 * Reading, writing, checks of names, the JSON Schema, the reference and generated scenarios follow from that.
 */
import type { ActionKind, ActionOf, Target, TARGETS, WorldAction } from "../../adapters/sim/actions.js";
import type { WorldSpec } from "../../adapters/sim/spec.js";
import { either } from "./either.js";
import type { Cast } from "./mentions.js";
import {
  type Arbitrary,
  type Complain,
  type FastCheck,
  isRecord,
  kinded,
  type KeyNote,
  keysOf,
  type Part,
  titled,
} from "./part.js";

/** One word, whatever its place. */
export interface Word {
  /** The key that distinguishes the word from the others of its place; `kind` of its record. */
  readonly key: string;
  readonly part: Part<unknown>;
  /** What it means, in one or two sentences. */
  readonly describe: string;
  /** What a file says, as YAML. */
  readonly example: string;
}

/** What a word is made from. */
export interface Definition<K extends string, Value> {
  readonly key: K;
  readonly describe: string;
  readonly example: string;
  /** What stands in the file. */
  readonly says: Part<Value>;
}

/** What an action may need to know about the rest of its file. */
export interface Surroundings {
  readonly world: WorldSpec;
  /** Actions of the whole time line, in order, none of them complete. */
  readonly actions: readonly { readonly kind: string }[];
  /** Paths begin below the key of the action. */
  readonly complain: Complain;
}

/** A word of the time line: something is done to the world. */
export interface StepWord<out Action = WorldAction> extends Word {
  /** Decodes the action, or as much of it as the word says; encodes whole actions. */
  readonly part: Part<{ readonly kind: string }>;
  /** Which model of the world carries it out. */
  readonly target: Target;
  /** Makes the action from what the codec has decoded. `undefined`: it complained. */
  readonly complete: (decoded: unknown, around: Surroundings) => Action | undefined;
  readonly arbitrary: (fc: FastCheck, cast: Cast) => Arbitrary<Action>;
}

type FieldsOf<K extends ActionKind> = Omit<ActionOf<K>, "kind">;

interface StepDefinition<K extends ActionKind, Value> extends Definition<K, Value> {
  readonly target: (typeof TARGETS)[K];
}

/** An action that says less than the world needs. The rest of the file says the rest. */
interface PartialStep<K extends ActionKind, Draft> extends StepDefinition<K, Draft> {
  /** `undefined`: it complained. */
  complete(draft: Draft, around: Surroundings): FieldsOf<K> | undefined;
  /** The fields of whole actions. */
  arbitrary(fc: FastCheck, cast: Cast): Arbitrary<FieldsOf<K>>;
}

/** Defines a word of the time line. Its value is the action without its kind, which is the key. */
export function step<K extends ActionKind>(definition: StepDefinition<K, FieldsOf<K>>): StepWord<ActionOf<K>>;
export function step<K extends ActionKind, Draft extends object>(
  definition: PartialStep<K, Draft>,
): StepWord<ActionOf<K>>;
export function step(
  definition: StepDefinition<ActionKind, object> | PartialStep<ActionKind, object>,
): StepWord<unknown> {
  const { key, target, describe, example, says } = definition;
  const word = { key, target, describe, example, part: kinded(key, says) };
  if (!("complete" in definition)) {
    return { ...word, complete: (decoded) => decoded, arbitrary: word.part.arbitrary };
  }
  return {
    ...word,
    complete: (draft, around) => {
      const fields = isRecord(draft) ? definition.complete(draft, around) : undefined;
      return fields === undefined ? undefined : { kind: key, ...fields };
    },
    arbitrary: (fc, cast) => definition.arbitrary(fc, cast).map((fields) => ({ kind: key, ...fields })),
  };
}

/** A word whose record has the key among its own: an event to wait for, an expectation, a count, a condition. */
export interface RecordWord<out Value> extends Word {
  readonly part: Part<Value>;
}

/** Defines a word whose record has the key among its own. */
export function word<const K extends string, Value extends object>({
  key,
  describe,
  example,
  says,
}: Definition<K, Value>): RecordWord<{ readonly kind: K } & Value> {
  return { key, describe, example, part: kinded(key, says) };
}

/** One of several words of one place, distinguished by their keys. A problem names what each of them must have. */
export function oneOf<const W extends readonly Word[]>(words: W): Part<WordValue<W[number]>>;
export function oneOf(words: readonly Word[]): Part<unknown> {
  return either(
    `one of ${words.map(({ part }) => shapeOf(part)).join(", ")}`,
    words.map(({ part, describe }) => ({ ...part, codec: part.codec.meta({ description: describe }) })),
  );
}

/** The keys that a record must have: `{ within, of, connected or disconnected }`. */
function shapeOf(part: Part<unknown>): string {
  const named = (wanted: KeyNote["presence"]): readonly string[] =>
    keysOf(part).flatMap(({ key, presence }) => (presence === wanted ? [key] : []));
  const alternatives = named("alternative");
  return `{ ${[...named("required"), ...(alternatives.length === 0 ? [] : [alternatives.join(" or ")])].join(", ")} }`;
}

/** A word of the world that a scenario begins with; steps use some of them too. */
export interface WorldWord<out Value> extends Word {
  readonly part: Part<Value>;
  /** Where a file says it. */
  readonly place: string;
}

interface WorldDefinition<Value> extends Definition<string, Value> {
  readonly place: string;
}

/** Defines a word of the world. `key` names it in the JSON Schema and in the reference. */
export function worldWord<Value>({ key, place, describe, example, says }: WorldDefinition<Value>): WorldWord<Value> {
  return { key, place, describe, example, part: titled(key, describe, says) };
}

/** The value of a word. */
export type WordValue<W> = W extends { readonly part: Part<infer Value> } ? Value : never;

/** Finds words of one place by their key, which is the kind of their values. Throws if there is none. */
export function wordsByKey<W extends Word>(words: readonly W[]): (key: string) => W {
  const byKey = new Map(words.map((each) => [each.key, each]));
  return (key) => {
    const found = byKey.get(key);
    if (found === undefined) throw new TypeError(`there is no word ${key} here`);
    return found;
  };
}
