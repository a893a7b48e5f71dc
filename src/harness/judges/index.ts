/** One observer an expectation. */
import type { Observer, Report } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import type { Expectation } from "../scenario/types.js";
import { countJudge, logJudge } from "./count.js";
import { connectedJudge, disconnectedJudge, fileJudge, processJudge, settledJudge, stateJudge } from "./moments.js";
import { neverJudge } from "./never.js";
import { throughoutJudge } from "./throughout.js";
import { withinJudge } from "./within.js";

export function judgeFor(expectation: Expectation, view: RunView, report: Report): Observer {
  switch (expectation.kind) {
    case "connected":
      return connectedJudge(expectation, view, report);
    case "disconnected":
      return disconnectedJudge(expectation, view, report);
    case "throughout":
      return throughoutJudge(expectation, view, report);
    case "within":
      return withinJudge(expectation, view, report);
    case "never":
      return neverJudge(expectation, view, report);
    case "count":
      return countJudge(expectation, view, report);
    case "log":
      return logJudge(expectation, report);
    case "state":
      return stateJudge(expectation, view, report);
    case "file":
      return fileJudge(expectation, view, report);
    case "process":
      return processJudge(expectation, view, report);
    case "settled":
      return settledJudge(expectation, view, report);
  }
}
