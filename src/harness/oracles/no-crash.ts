import { TripwireError } from "../tripwire.js";
import { failed, type Finding } from "../observers/observer.js";
import type { Oracle } from "./oracle.js";

/** Lines of the stack that a report shows. */
const STACK_LINES = 4;

function threw(process: string, error: unknown): Finding {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return failed(`${process} threw: ${text.split("\n").slice(0, STACK_LINES).join("\n    ")}`);
}

/** `dispatch` never throws, regardless of what the world sends. Field bugs 6, 8, 27. */
export const noCrash: Oracle = {
  name: "no-crash",
  observe: (_view, report) => ({
    crashed(process, error) {
      if (!(error instanceof TripwireError)) report("the core handles every event", threw(process, error));
    },
  }),
};

/** A core never reaches for an ambient clock, randomness, a timer or I/O: the tripwire throws if it does. */
export const noAmbientInput: Oracle = {
  name: "no-ambient-input",
  observe: (_view, report) => ({
    crashed(process, error) {
      if (error instanceof TripwireError)
        report("the core reaches the world only through its ports", threw(process, error));
    },
  }),
};
