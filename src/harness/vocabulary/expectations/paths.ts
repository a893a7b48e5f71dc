import { failed, type Finding, formatTime, MET, open } from "../../observers/observer.js";
import { explain, formatStates } from "../../observers/peers.js";
import { spellRange } from "../../scenario/duration.js";
import { either, shorthand } from "../either.js";
import { exactlyOne } from "../group.js";
import { map } from "../list.js";
import { required, spread } from "../members.js";
import { mapped } from "../part.js";
import { subsystem } from "../parts/ids.js";
import { count } from "../parts/scalars.js";
import { period, type Range, time } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";
import { formatBound, isWithin } from "./tally.js";
import { type Bound, bound } from "./window.js";

const moment = mapped(time, { read: (at): Range => ({ from: at, to: at }), write: ({ from }) => from });

const during = exactlyOne<"at" | "throughout", Range, Range>(
  {
    at: required(moment, "At this time."),
    throughout: required(period, "At every moment of this time."),
  },
  {
    read: (_, range) => range,
    write: (range) => [range.from === range.to ? "at" : "throughout", range],
    none: "one of the keys at, throughout",
    second: () => "only one of at, throughout",
  },
);

const exactly = shorthand<number, Bound>(count, {
  read: (paths) => ({ kind: "is", count: paths }),
  write: ({ kind, count: paths }) => (kind === "is" ? paths : undefined),
});

const howMany = either("a number of paths, or one of { is }, { at-most }, { at-least }", [
  exactly,
  record({ bound: spread(bound) }),
]);

export const paths = expectation({
  key: "paths",
  describe: "How many paths a subsystem has: live controllers to it, of any author.",
  example: "{ throughout: 30s..50s, paths: { vol1: { at-least: 1 } } }",
  says: record({
    during,
    paths: required(map(subsystem, howMany, "a record: subsystem to number of paths"), "By subsystem."),
  }),
  observe: ({ during: range, paths: wanted }, view, report) => {
    let finding: Finding = open("the run ended earlier");
    let looking = false;
    const check = (): void => {
      if (!looking || finding.kind === "failed") return;
      for (const [id, often] of Object.entries(wanted)) {
        const found = view.controllers.matching({ id });
        const live = found.filter(({ state }) => state === "live").length;
        if (isWithin(often, live)) continue;
        const observed = `${id} has ${String(live)} at ${formatTime(view.now())}: ${formatStates(found)}`;
        finding = failed(observed, ...explain(view, { id }));
        return;
      }
    };
    return {
      looksAt: [range.from, range.to],
      look: (at) => {
        if (at === range.from) looking = true;
        check();
        if (at !== range.to) return;
        looking = false;
        if (finding.kind === "open") finding = MET;
      },
      observed: (seen) => {
        if (seen.kind.startsWith("controller-")) check();
      },
      finish: () => {
        const each = Object.entries(wanted).map(([id, often]) => `${formatBound(often)} of ${id}`);
        const when = range.from === range.to ? `at ${formatTime(range.from)}` : `throughout ${spellRange(range)}`;
        report(`paths ${when}: ${each.join(", ")}`, finding);
      },
    };
  },
});
