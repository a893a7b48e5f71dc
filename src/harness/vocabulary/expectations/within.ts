import { Milliseconds } from "../../../core/domain/units.js";
import { formatRef } from "../../controllers.js";
import { failed, type Finding, formatTime, MET, open } from "../../observers/observer.js";
import { spellDuration, spellRange } from "../../scenario/duration.js";
import { exactlyOne } from "../group.js";
import { required, spread } from "../members.js";
import { controllers, stepName } from "../parts/ids.js";
import { fromStep, span } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";

/** What becomes true. */
const turn = exactlyOne(
  {
    connected: required(controllers, "A live controller to each of them exists."),
    disconnected: required(controllers, "No controller to any of them exists."),
  },
  {
    read: (becomes, refs) => ({ becomes, controllers: refs }),
    write: ({ becomes, controllers: refs }) => [becomes, refs],
    none: "either connected or disconnected",
    second: () => "either connected or disconnected",
  },
);

/** After a step, a condition turns from false to true, neither before nor after the range. */
export const within = expectation({
  key: "within",
  describe:
    "Peers become connected or disconnected within this range after a step. A peer that is connected all along does not become connected.",
  example: "{ within: 2.9s..4s, of: gone, connected: dc1 }",
  says: fromStep(record({ within: span, of: stepName, turn: spread(turn) }), "within", "of"),
  observe: ({ within: range, of, becomes, controllers: refs }, view, report) => {
    let steppedAt: Milliseconds | undefined;
    let wasTrue = false;
    let everFalse = false;
    let becameAt: Milliseconds | undefined;
    const holds = (): boolean =>
      refs.every((ref) =>
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
      if (becameAt === undefined) {
        const late = view.now() >= steppedAt + range.to;
        const observed = everFalse ? `not ${becomes} by the end` : `${becomes} all along`;
        return late ? failed(observed, `${of} was carried out at ${formatTime(steppedAt)}`) : open(observed);
      }
      const took = Milliseconds(becameAt - steppedAt);
      const when = `at ${formatTime(becameAt)}`;
      if (took < range.from) return failed(`too early: after ${spellDuration(took)}`, when);
      if (took > range.to) return failed(`too late: after ${spellDuration(took)}`, when);
      return MET;
    };
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
        report(`${refs.map(formatRef).join(", ")} ${becomes} within ${spellRange(range)} of ${of}`, judge());
      },
    };
  },
});
