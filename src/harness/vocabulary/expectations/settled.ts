import { lookOnce } from "../../observers/moment.js";
import { MET, open } from "../../observers/observer.js";
import { spellDuration } from "../../scenario/duration.js";
import { as } from "../members.js";
import { time } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";

/** How many obligations a report names. */
const OBLIGATIONS_SHOWN_MAX = 5;

/** A run that did not settle is inconclusive. Its report names what is pending and the event that could have met it. */
export const settled = expectation({
  key: "settled",
  describe: "Nothing is pending by then: no operation is in flight, and every wanted controller is live.",
  example: "{ settled: 50s }",
  says: record({ settled: as("by", time) }),
  observe: ({ by }, view, report) =>
    lookOnce(by, `settled by ${spellDuration(by)}: nothing pending`, report, () => {
      const [first, ...others] = view.pending();
      if (first === undefined) return MET;
      const more = others.slice(0, OBLIGATIONS_SHOWN_MAX - 1).map((obligation) => `also pending: ${obligation}`);
      return open(`still pending: ${first}`, view.lastEventAbout(first), ...more);
    }),
});
