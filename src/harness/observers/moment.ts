/** Observers that look at the world once. */
import type { Milliseconds } from "../../core/domain/units.js";
import { type Finding, type Observer, open, type Report } from "./observer.js";

/** Looks once everything at this time has happened, and reports at the end of the run. */
export function lookOnce(at: Milliseconds, expected: string, report: Report, look: () => Finding): Observer {
  let finding: Finding = open("the run ended earlier");
  return {
    looksAt: [at],
    look: () => {
      finding = look();
    },
    finish: () => {
      report(expected, finding);
    },
  };
}
