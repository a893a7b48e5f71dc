/** When, and how often, something may be seen: keys that several expectations have. */
import { Milliseconds } from "../../../core/domain/units.js";
import { exactlyOne, group } from "../group.js";
import { type Group, optional, required, usual } from "../members.js";
import { isRecord } from "../part.js";
import { count } from "../parts/scalars.js";
import { type Range, time } from "../parts/times.js";

/** The end of a window that a file leaves open, until the end of the run is known. */
export const END_OF_RUN = Milliseconds(Number.MAX_SAFE_INTEGER);

/** The part of the run that an expectation looks at: `from` and `to`. */
export const window: Group<Range> = group(
  {
    from: usual(time, Milliseconds(0), "From this time; the start if absent."),
    to: optional(time, "Until this time; the end of the run if absent."),
  },
  {
    read: ({ from, to = END_OF_RUN }, complain) => {
      if (to >= from) return { from, to };
      complain(["to"], "a time not before from");
      return undefined;
    },
    write: ({ from, to }) => (to === END_OF_RUN ? { from } : { from, to }),
  },
);

/** How often something may have happened. */
export interface Bound {
  readonly kind: "is" | "at-most" | "at-least";
  readonly count: number;
}

const BOUNDS = {
  is: required(count, "Exactly this often."),
  "at-most": required(count, "Not more often."),
  "at-least": required(count, "Not less often."),
};

/** How often something may happen: exactly one of `is`, `at-most` and `at-least`. */
export const bound: Group<Bound> = exactlyOne(BOUNDS, {
  read: (kind, times): Bound => ({ kind, count: times }),
  write: ({ kind, count: times }) => [kind, times],
  none: "one of the keys is, at-most, at-least",
  second: () => "only one of is, at-most, at-least",
});

/** Closes the open window of an expectation, if it has one, at the end of the run. */
export function closeWindow<E extends object>(expectation: E, until: Milliseconds): E {
  return withEnd(expectation, END_OF_RUN, until);
}

/** Opens a window that ends with the run, as in the file. */
export function openWindow<E extends object>(expectation: E, until: Milliseconds): E {
  return withEnd(expectation, until, END_OF_RUN);
}

function withEnd<E extends object>(expectation: E, from: Milliseconds, to: Milliseconds): E {
  if (!("window" in expectation) || !isRecord(expectation.window) || expectation.window["to"] !== from)
    return expectation;
  return { ...expectation, window: { ...expectation.window, to } };
}
