import { spellRange } from "../../scenario/duration.js";
import { optional, spread } from "../members.js";
import { choice, pattern } from "../parts/scalars.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";
import { formatBound, Tally } from "./tally.js";
import { bound, window } from "./window.js";

export const log = expectation({
  key: "log",
  describe: "How often a daemon logs something.",
  example: '{ log: { level: warning, matches: "is not valid" }, at-most: 1 }',
  says: record({
    log: spread(
      record({
        level: optional(choice(["debug", "info", "notice", "warning", "error"]), "Exactly this level."),
        matches: optional(
          pattern,
          "The text of a record matches it, or the controller and the text do: `vol1: is live`.",
        ),
      }),
    ),
    bound,
    window,
  }),
  observe: ({ level, matches, bound: often, window: range }, _view, report) => {
    const tally = new Tally(range);
    const expression = matches === undefined ? undefined : new RegExp(matches, "u");
    const what = [level, "log records", matches === undefined ? undefined : `matching /${matches}/`];
    return {
      logged: (_process, record, at) => {
        if (level !== undefined && record.level !== level) return;
        const { text, controller } = record;
        const named = controller === undefined ? text : `${controller}: ${text}`;
        if (expression === undefined || expression.test(text) || expression.test(named)) tally.add(at, named);
      },
      finish: () => {
        const records = what.filter((part) => part !== undefined).join(" ");
        report(`${formatBound(often)} ${records} in ${spellRange(range)}`, tally.finding(often));
      },
    };
  },
});
