/** One judge an expectation. */
import type { Expectation } from "../scenario/types.js";
import { countJudge, logJudge } from "./count.js";
import type { Judge, JudgeView } from "./judge.js";
import { connectedJudge, disconnectedJudge, fileJudge, processJudge, settledJudge, stateJudge } from "./moments.js";
import { neverJudge } from "./never.js";
import { throughoutJudge } from "./throughout.js";
import { withinJudge } from "./within.js";

export function judgeFor(expectation: Expectation, view: JudgeView): Judge {
  switch (expectation.kind) {
    case "connected":
      return connectedJudge(expectation, view);
    case "disconnected":
      return disconnectedJudge(expectation, view);
    case "throughout":
      return throughoutJudge(expectation, view);
    case "within":
      return withinJudge(expectation, view);
    case "never":
      return neverJudge(expectation, view);
    case "count":
      return countJudge(expectation, view);
    case "log":
      return logJudge(expectation);
    case "state":
      return stateJudge(expectation, view);
    case "file":
      return fileJudge(expectation, view);
    case "process":
      return processJudge(expectation, view);
    case "settled":
      return settledJudge(expectation, view);
  }
}
