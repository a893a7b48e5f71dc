import { formatRef } from "../../controllers.js";
import { failed, type Finding, formatTime, MET, open } from "../../observers/observer.js";
import { spellRange } from "../../scenario/duration.js";
import { as } from "../members.js";
import { controllers } from "../parts/ids.js";
import { period } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";

/**
 * The same kernel controllers are live at both ends of the range, and nobody began to delete one in between. A
 * controller that the kernel reconnects by itself is still the same controller: the disk behind it was never lost.
 */
export const throughout = expectation({
  key: "throughout",
  describe:
    "Connected all that time by the same kernel controllers. Nobody deletes them in between, but they may reconnect.",
  example: "{ throughout: 30s..10m, connected: [dc1, vol1] }",
  says: record({ throughout: as("during", period), connected: controllers }),
  observe: ({ during, connected }, view, report) => {
    const watched = new Map<number, string>();
    let finding: Finding = open("the run ended earlier");
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
        report(`connected throughout ${spellRange(during)} by the same controllers: ${names}`, finding);
      },
    };
  },
});
