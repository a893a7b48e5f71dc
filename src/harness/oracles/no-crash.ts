import { TripwireError } from "../tripwire.js";
import { failed, type Finding } from "../observers/observer.js";
import type { Oracle } from "./oracle.js";

/** Stack lines that are shown. */
const STACK_LINES = 4;

function threw(process: string, error: unknown): Finding {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return failed(`${process} threw: ${text.split("\n").slice(0, STACK_LINES).join("\n    ")}`);
}

/** A core never throws out of `dispatch`, whatever the world sends it. Field bugs 6, 8, 27. */
export const noCrash: Oracle = {
  name: "no-crash",
  observe: (_view, report) => ({
    crashed(process, error) {
      if (!(error instanceof TripwireError)) report("the core handles every event", threw(process, error));
    },
  }),
};

/** A core reaches for no ambient clock, randomness, timer or I/O: the tripwire throws where it does. */
export const noAmbientInput: Oracle = {
  name: "no-ambient-input",
  observe: (_view, report) => ({
    crashed(process, error) {
      if (error instanceof TripwireError)
        report("the core reaches the world through its ports alone", threw(process, error));
    },
  }),
};
