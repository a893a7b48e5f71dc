import { formatRef } from "../../controllers.js";
import { lookOnce } from "../../observers/moment.js";
import { failed, formatTime, MET } from "../../observers/observer.js";
import { isAbout } from "../../observers/peers.js";
import { explanation, explanationOf } from "../../report/explanation.js";
import { optional, required, spread } from "../members.js";
import { controller } from "../parts/ids.js";
import { pattern } from "../parts/scalars.js";
import { service } from "../parts/states.js";
import { time } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";

/** How many lines a report shows of what `explain` prints. */
const LINES_SHOWN_MAX = 20;

export const explain = expectation({
  key: "explain",
  describe: "What `stas-sim explain` prints at that time.",
  example: '{ at: 50s, explain: { controller: vol1, service: stac, matches: "why: .* lists it" } }',
  says: record({
    at: time,
    explain: spread(
      record({
        controller: optional(controller, "Only what it says of this controller; all that it prints if absent."),
        service: optional(service, "Only what this service says."),
        matches: required(pattern, "The text matches it. A dot matches no end of a line."),
      }),
    ),
  }),
  observe: ({ at, controller: ref, service: name, matches }, view, report) => {
    const expression = new RegExp(matches, "u");
    const about = ref === undefined ? "" : ` of ${formatRef(ref)}`;
    return lookOnce(at, `explain${about} at ${formatTime(at)} matches /${matches}/`, report, () => {
      const controllers = view.describe().filter((each) => {
        if (name !== undefined && each.service !== name) return false;
        return ref === undefined || isAbout(view, each, ref);
      });
      const lines =
        ref === undefined
          ? explanation({ controllers, connections: [...view.controllers.all()], pending: view.pending() })
          : controllers.flatMap((each) => explanationOf(each));
      if (expression.test(lines.join("\n"))) return MET;
      const [first = "nothing", ...others] = lines;
      return failed(first, ...others.slice(0, LINES_SHOWN_MAX));
    });
  },
});
