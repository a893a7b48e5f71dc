import { TripwireError } from "../tripwire.js";
import { type OracleDefinition } from "./oracle.js";

/** Stack lines that are shown. */
const STACK_LINES = 4;

/** A core never throws out of `dispatch`, whatever the world sends it. Field bugs 6, 8, 27. */
export const noCrash: OracleDefinition = {
  name: "no-crash",
  create(view) {
    return {
      crashed(process, error) {
        const tripped = error instanceof TripwireError;
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        view.violated({
          oracle: tripped ? "no-ambient-input" : "no-crash",
          expected: tripped ? "the core reaches the world through its ports alone" : "the core handles every event",
          observed: `${process} threw: ${text.split("\n").slice(0, STACK_LINES).join("\n    ")}`,
          hint: "",
        });
      },
    };
  },
};
