import { failed } from "../observers/observer.js";
import type { Oracle } from "./oracle.js";

/** Idle controllers that are reported, if there are many. */
const REPORTED_MAX = 5;

/** Every wanted controller has a connection, an operation in flight or an armed timer: otherwise it waits forever. */
export const wantedServed: Oracle = {
  name: "wanted-controller-is-served",
  observe(view, report) {
    const reported = new Set<string>();
    return {
      rested() {
        for (const { status, state, controller, doing, why, service } of view.describe()) {
          // Remembered is not wanted: the record holds it, and no page that lists it has been read yet.
          if (status !== "idle" || state === "remembered" || reported.has(controller) || reported.size >= REPORTED_MAX)
            continue;
          reported.add(controller);
          report(
            "every wanted controller has a connection, an operation in flight or an armed timer",
            failed(
              `${service} has ${controller} idle: ${doing} (${why})`,
              "a completion that was dropped, or a timer that was disarmed and not armed again",
            ),
          );
        }
      },
    };
  },
};
