import { formatRef } from "../controllers.js";
import type { Expectation } from "../scenario/types.js";
import { spellRange } from "../scenario/duration.js";
import { failed, type Finding, formatTime, MET, type Observer, open, type Report } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";

type Throughout = Extract<Expectation, { readonly kind: "throughout" }>;

/**
 * Live at both ends of the range by the same kernel controllers, none of which anybody began to delete in between.
 * A controller that the kernel reconnects by itself is still that controller: the disk behind it was never lost.
 */
export function throughoutJudge({ during, connected }: Throughout, view: RunView, report: Report): Observer {
  const watched = new Map<number, string>();
  let finding: Finding = open("the run ended before");
  const fail = (observed: string): void => {
    if (finding.kind !== "failed") finding = failed(observed);
  };
  const begin = (): void => {
    for (const ref of connected) {
      const live = view.controllers.matching(ref).filter((each) => each.state === "live");
      if (live.length === 0) fail(`${formatRef(ref)} is not connected at ${formatTime(during.from)}`);
      for (const each of live) watched.set(each.uid, `${each.name} to ${formatRef(ref)}`);
    }
  };
  const end = (): void => {
    for (const [uid, name] of watched) {
      const state = view.controllers.get(uid)?.state;
      if (state !== "live") fail(`${name} is ${state ?? "gone"} at ${formatTime(during.to)}`);
    }
    if (finding.kind === "open") finding = MET;
  };
  const names = connected.map(formatRef).join(", ");
  const expected = `connected throughout ${spellRange(during)} by the same controllers: ${names}`;
  return {
    looksAt: [during.from, during.to],
    look: (at) => {
      if (at === during.from) begin();
      if (at === during.to) end();
    },
    observed: (seen, at) => {
      if (at > during.to) return;
      if (seen.kind === "delete-begin" && watched.has(seen.uid)) {
        fail(`${watched.get(seen.uid) ?? seen.name}: a delete by ${seen.by} at ${formatTime(at)}`);
      } else if (seen.kind === "controller-removed" && watched.has(seen.controller.uid)) {
        fail(`${watched.get(seen.controller.uid) ?? ""}: removed (${seen.cause}) at ${formatTime(at)}`);
      }
    },
    finish: () => {
      report(expected, finding);
    },
  };
}
