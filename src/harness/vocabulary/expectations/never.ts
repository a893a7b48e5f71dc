import type { Milliseconds } from "../../../core/domain/units.js";
import { formatRef, viaInterface } from "../../controllers.js";
import { isDaemon } from "../../observers/connections.js";
import { failed, type Finding, formatTime, MET, open } from "../../observers/observer.js";
import { spellRange } from "../../scenario/duration.js";
import { conditionPart, formatCondition, holds } from "../conditions/index.js";
import { exactlyOne } from "../group.js";
import { optional, required, spread } from "../members.js";
import { controllers } from "../parts/ids.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";
import { window } from "./window.js";

const deed = exactlyOne(
  {
    connect: required(controllers, "No daemon connects to any of them."),
    disconnect: required(controllers, "No daemon deletes a controller to any of them."),
  },
  {
    read: (what, refs) => ({ what, controllers: refs }),
    write: ({ what, controllers: refs }) => [what, refs],
    none: "{ connect: IDS } or { disconnect: IDS }, with or without while",
    second: () => "{ connect: IDS } or { disconnect: IDS }, not both",
  },
);

/** No daemon connects to some peers, or deletes controllers to them. */
export const never = expectation({
  key: "never",
  describe: "What no daemon does.",
  example: "{ never: { disconnect: vol1, while: { listener: { id: dc1, state: silent } } }, from: 30s }",
  says: record({
    never: spread(
      record({
        deed: spread(deed),
        while: optional(
          conditionPart,
          "Only while this holds. It must hold at some time: else the run is inconclusive.",
        ),
      }),
    ),
    window,
  }),
  observe: ({ what, controllers: refs, while: condition, window: range }, view, report) => {
    let finding: Finding = MET;
    let held = condition === undefined;
    const isWithin = (at: Milliseconds): boolean => at >= range.from && at <= range.to;
    const watch = (): void => {
      if (condition !== undefined && !held && isWithin(view.now())) held = holds(condition, view);
    };
    const during = condition === undefined ? "" : ` while ${formatCondition(condition)}`;
    const found = (subject: string, at: Milliseconds): void => {
      if (finding.kind === "failed" || !isWithin(at)) return;
      if (condition !== undefined && !holds(condition, view)) return;
      finding = failed(`a ${what} at ${formatTime(at)}: ${subject}`);
    };
    return {
      looksAt: condition === undefined ? [] : [range.from, range.to],
      look: watch,
      rested: watch,
      observed: (seen, at) => {
        if (what === "connect" && seen.kind === "connect-begin" && isDaemon(seen.by)) {
          if (refs.some((ref) => seen.peer === ref.id && viaInterface(ref, seen.options))) found(seen.options, at);
        } else if (what === "disconnect" && seen.kind === "delete-begin" && isDaemon(seen.by)) {
          if (view.controllers.isOneOf(refs, seen.uid)) found(seen.name, at);
        }
      },
      finish: () => {
        if (!held && finding.kind === "met") finding = open("the condition never held, so nothing was tested");
        report(`never a ${what} of ${refs.map(formatRef).join(", ")} in ${spellRange(range)}${during}`, finding);
      },
    };
  },
});
