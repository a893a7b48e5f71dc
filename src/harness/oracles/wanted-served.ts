import type { OracleDefinition } from "./oracle.js";

/** Controllers that are named, should many be idle at once. */
const REPORTED_MAX = 5;

/** Every wanted controller has a connection, an operation in flight or an armed timer: otherwise it waits for ever. */
export const wantedServed: OracleDefinition = {
  name: "wanted-controller-is-served",
  create(view) {
    const reported = new Set<string>();
    return {
      rested() {
        for (const { status, state, controller, doing, why, service } of view.describe()) {
          // Remembered is not wanted: it stands in the record, and whoever lists it has not been heard yet.
          if (status !== "idle" || state === "remembered" || reported.has(controller) || reported.size >= REPORTED_MAX)
            continue;
          reported.add(controller);
          view.violated({
            oracle: "wanted-controller-is-served",
            expected: "every wanted controller has a connection, an operation in flight or an armed timer",
            observed: `${service} has ${controller} idle: ${doing} (${why})`,
            hint: "a completion that was dropped, or a timer that was disarmed and not armed again",
          });
        }
      },
    };
  },
};
