/** Steps: when something happens, and what. */
import type { ActionKind, WorldAction } from "../../adapters/sim/actions.js";
import { Milliseconds } from "../../core/domain/units.js";
import { exactlyOne, group } from "./group.js";
import { optional, required, spread } from "./members.js";
import type { Cast } from "./mentions.js";
import { type Arbitrary, type FastCheck, titled, type ValueOf } from "./part.js";
import { newStep, type StepId } from "./parts/ids.js";
import { duration, time } from "./parts/times.js";
import { record } from "./record.js";
import { STEPS } from "./steps/index.js";
import { type Occasion, TRIGGERS } from "./triggers/index.js";
import { oneOf, type StepWord, type Surroundings, wordsByKey } from "./word.js";

/** When a step happens: at a time, or at an event. */
export type Trigger = { readonly kind: "at"; readonly at: Milliseconds } | Occasion;

/** One thing done to the world, once. */
export interface Step {
  readonly id?: StepId;
  readonly when: Trigger;
  /** How long after the trigger; 0 for `at`. */
  readonly after: Milliseconds;
  readonly action: WorldAction;
}

const AT_ONCE = Milliseconds(0);

const occasion = titled("event", "An event that a step waits for.", oneOf(TRIGGERS));

const whenKeys = {
  at: optional(time, "Time since the start."),
  when: optional(occasion, "An event to wait for, instead of a time. The step happens once."),
  after: optional(duration, "How long after `when`."),
};

/** `at`, or `when` and perhaps `after`. */
const moment = group(whenKeys, {
  read: ({ at, when, after }, complain): Pick<Step, "when" | "after"> | undefined => {
    if (at !== undefined && when !== undefined) complain(["when"], "either at or when", "key");
    else if (at !== undefined && after !== undefined) complain(["after"], "after only with when", "key");
    else if (at !== undefined) return { when: { kind: "at", at }, after: AT_ONCE };
    else if (when !== undefined) return { when, after: after ?? AT_ONCE };
    else complain([], "a time (at) or an event (when)");
    return undefined;
  },
  write: ({ when, after }) => {
    if (when.kind === "at") return { at: when.at };
    return after === 0 ? { when } : { when, after };
  },
  oneOf: ["at", "when"],
});

/** What the codec makes of the action of a step. The word completes it. */
export interface ActionDraft {
  readonly kind: string;
}

const wordOf = wordsByKey<StepWord>(STEPS);

/** Every key of an action, in the order of the reference. */
export const ACTION_KEYS: readonly string[] = STEPS.map(({ key }) => key);

const action = exactlyOne(Object.fromEntries(STEPS.map(({ key, part, describe }) => [key, required(part, describe)])), {
  read: (_key, draft): ActionDraft => draft,
  write: (draft) => [draft.kind, draft],
  none: `an action: one of the keys ${ACTION_KEYS.join(", ")}`,
  second: (first) => `one action per step, which is ${first} here`,
});

/** A step of the time line. */
export const step = titled(
  "step",
  "One thing done to the world: at or when, and exactly one action.",
  record({ id: optional(newStep, "A name for this step."), moment: spread(moment), action }),
);

/** A step whose action may need the rest of the file. */
export type StepDraft = ValueOf<typeof step>;

/** Completes the action of a draft. `undefined`: its word complained, with paths that begin at the step. */
export function completeAction(draft: ActionDraft, { complain, ...around }: Surroundings): WorldAction | undefined {
  return wordOf(draft.kind).complete(draft, {
    ...around,
    complain: (path, expected, point) => {
      complain([draft.kind, ...path], expected, point);
    },
  });
}

/** Any step. A step with an id happens at a time, so that others can wait for it. */
export function arbitraryStep(fc: FastCheck, cast: Cast, id?: StepId): Arbitrary<Step> {
  const actions = fc.oneof(...STEPS.map((word) => word.arbitrary(fc, cast)));
  const when =
    id === undefined
      ? moment.arbitrary(fc, cast)
      : fc.constant({ when: { kind: "at", at: AT_ONCE } as const, after: AT_ONCE });
  return fc
    .tuple(when, actions)
    .map(([given, done]) => ({ ...(id === undefined ? {} : { id }), ...given, action: done }));
}

/** A step at any time of the run, with one of these actions. Each action is equally likely. */
export function arbitraryStepOf(fc: FastCheck, cast: Cast, kinds: readonly ActionKind[]): Arbitrary<Step> {
  const chosen = STEPS.filter(({ key }) => kinds.some((kind) => kind === key));
  const actions = chosen.map((word): Arbitrary<WorldAction> => word.arbitrary(fc, cast));
  return fc
    .record({ at: fc.integer({ min: 0, max: cast.until }), action: fc.oneof(...actions) })
    .map(({ at, action: done }) => ({ when: { kind: "at", at: Milliseconds(at) }, after: AT_ONCE, action: done }));
}
