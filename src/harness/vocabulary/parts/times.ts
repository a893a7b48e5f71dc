/** Lengths of time, and times of the run. */
import { Milliseconds } from "../../../core/domain/units.js";
import {
  DURATION_PATTERN,
  parseDuration,
  parseRange,
  parseSignedDuration,
  RANGE_PATTERN,
  SIGNED_DURATION_PATTERN,
  spellDuration,
  spellRange,
  spellSignedDuration,
} from "../../scenario/duration.js";
import type { Cast } from "../mentions.js";
import { type Arbitrary, type FastCheck, isRecord, type Part, titled } from "../part.js";
import { reading } from "./scalars.js";

/** From and to, both inclusive. */
export interface Range {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
}

/** Any time of a cast's run, often one of the first moments. */
function anyTime(fc: FastCheck, { until }: Cast): Arbitrary<Milliseconds> {
  return fc
    .oneof(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: until }))
    .map((value) => Milliseconds(Math.min(value, until)));
}

/** A length of time. */
export const duration: Part<Milliseconds> = titled(
  "duration",
  "A time of the run counts from its start.",
  reading("a duration in whole milliseconds up to 10 years, such as 250ms, 2.9s, 10m, 72h or 1d", {
    pattern: DURATION_PATTERN,
    read: parseDuration,
    write: spellDuration,
    arbitrary: anyTime,
  }),
);

/** A step of a clock, forwards or backwards. */
export const signedDuration: Part<Milliseconds> = titled(
  "signedDuration",
  "How far a clock steps.",
  reading("a duration with a sign, such as +1h or -90s", {
    pattern: SIGNED_DURATION_PATTERN,
    read: parseSignedDuration,
    write: spellSignedDuration,
    arbitrary: (fc, cast) =>
      fc.tuple(anyTime(fc, cast), fc.boolean()).map(([size, back]) => (back && size > 0 ? Milliseconds(-size) : size)),
  }),
);

/** Two lengths of time, the first not longer than the second. */
export const span: Part<Range> = titled(
  "range",
  "Both ends are part of it.",
  reading("two times, the first not after the second, such as 30s..10m", {
    pattern: RANGE_PATTERN,
    read: parseRange,
    write: spellRange,
    arbitrary: (fc, cast) =>
      fc.tuple(anyTime(fc, cast), anyTime(fc, cast)).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a })),
  }),
);

/** A time of the run, not after its end. */
export const time: Part<Milliseconds> = {
  ...duration,
  mentions: (spelling, path, tell) => {
    const at = typeof spelling === "string" ? parseDuration(spelling) : undefined;
    if (at !== undefined) tell({ kind: "time", at }, path);
  },
};

/** A part of the run, which ends no later than the run. */
export const period: Part<Range> = {
  ...span,
  mentions: (spelling, path, tell) => {
    const range = typeof spelling === "string" ? parseRange(spelling) : undefined;
    if (range !== undefined) tell({ kind: "time", at: range.to }, path);
  },
};

/** A record that counts a range from the moment of a step: the range under one key, the step under another. */
export function fromStep<Value>(part: Part<Value>, rangeKey: string, stepKey: string): Part<Value> {
  return {
    ...part,
    mentions: (spelling, path, tell) => {
      part.mentions(spelling, path, tell);
      if (!isRecord(spelling)) return;
      const { [rangeKey]: spelt, [stepKey]: step } = spelling;
      const range = typeof spelt === "string" ? parseRange(spelt) : undefined;
      if (range === undefined || typeof step !== "string") return;
      tell({ kind: "time-after-step", step, after: range.to }, [...path, rangeKey]);
    },
  };
}
