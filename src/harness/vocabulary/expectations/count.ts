import { spellRange } from "../../scenario/duration.js";
import { countedPart, formatCounted, watchCounted } from "../counts/index.js";
import { as } from "../members.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";
import { formatBound, Tally } from "./tally.js";
import { bound, window } from "./window.js";

export const count = expectation({
  key: "count",
  describe: "How often something happens.",
  example: "{ count: { connects: vol1 }, is: 1, from: 30s }",
  says: record({ count: as("counted", countedPart), bound, window }),
  observe: ({ counted, bound: often, window: range }, view, report) => {
    const tally = new Tally(range);
    return {
      ...watchCounted(counted, view, (at, what) => {
        tally.add(at, what);
      }),
      finish: () => {
        const expected = `${formatBound(often)} ${formatCounted(counted)} in ${spellRange(range)}`;
        report(expected, tally.finding(often));
      },
    };
  },
});
