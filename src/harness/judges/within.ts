import { Milliseconds } from "../../core/domain/units.js";
import { formatRef } from "../controllers.js";
import type { Expectation } from "../scenario/types.js";
import { spellDuration, spellRange } from "../scenario/duration.js";
import { failed, type Finding, formatTime, MET, type Observer, open, type Report } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";

type Within = Extract<Expectation, { readonly kind: "within" }>;

/** After a step, a condition becomes true: it turns from false to true, not before and not after the range. */
export function withinJudge({ within, of, becomes, controllers }: Within, view: RunView, report: Report): Observer {
  let steppedAt: Milliseconds | undefined;
  let wasTrue = false;
  let everFalse = false;
  let becameAt: Milliseconds | undefined;
  const holds = (): boolean =>
    controllers.every((ref) =>
      becomes === "connected" ? view.controllers.isConnected(ref) : !view.controllers.exists(ref),
    );
  const follow = (at: Milliseconds): void => {
    if (becameAt !== undefined || steppedAt === undefined) return;
    const now = holds();
    if (!now) everFalse = true;
    else if (!wasTrue) becameAt = at;
    wasTrue = now;
  };
  const judge = (): Finding => {
    if (steppedAt === undefined) return open(`the step ${of} was never carried out`);
    const took = (at: Milliseconds): string => spellDuration(Milliseconds(at - (steppedAt ?? 0)));
    if (becameAt === undefined) {
      const late = view.now() >= steppedAt + within.to;
      const observed = everFalse ? `not ${becomes} until the end` : `${becomes} already, and it stayed so`;
      return late ? failed(observed, `${of} was at ${formatTime(steppedAt)}`) : open(observed);
    }
    const after = becameAt - steppedAt;
    if (after < within.from) return failed(`too early: after ${took(becameAt)}`, `at ${formatTime(becameAt)}`);
    if (after > within.to) return failed(`too late: after ${took(becameAt)}`, `at ${formatTime(becameAt)}`);
    return MET;
  };
  const expected = `${controllers.map(formatRef).join(", ")} ${becomes} within ${spellRange(within)} of ${of}`;
  return {
    stepped: (id, at) => {
      if (id !== of || steppedAt !== undefined) return;
      steppedAt = at;
      wasTrue = holds();
      everFalse = !wasTrue;
    },
    observed: (seen, at) => {
      if (seen.kind.startsWith("controller-")) follow(at);
    },
    finish: () => {
      report(expected, judge());
    },
  };
}
