import type { ProcessName } from "../../adapters/sim/observation.js";
import { isDaemon } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { Oracle } from "./oracle.js";

/** Timers that may fire in one process per simulated second: a base, and this many per controller of the host. */
const TIMERS_PER_SECOND_BASE = 500;
const TIMERS_PER_SECOND_PER_CONTROLLER = 20;

/** Calls that one event may cause: a base, and this many per controller of the host. */
const CALLS_PER_EVENT_BASE = 5000;
const CALLS_PER_EVENT_PER_CONTROLLER = 50;

/** Connects of one controller per minute: the shortest retry is 3 s, and a reload or restart may add a few. */
const CONNECTS_PER_MINUTE_MAX = 30;
const MINUTE_MS = 60_000;

/** Work stays bounded: no timer storm, no endless loop in one event, no connect storm. Field bugs 2 and 25. */
export const boundedWork: Oracle = {
  name: "bounded-work",
  observe(view, report) {
    let second = -1;
    let timers = 0;
    let calls = 0;
    let reported = false;
    const connects = new Map<string, number[]>();
    const stormed = (expected: string, observed: string): void => {
      if (reported) return;
      reported = true;
      report(expected, failed(observed, "a retry without a delay, or an event that causes itself"));
    };
    const controllers = (): number => view.controllers.size + view.spec.fabric.subsystems.length;
    return {
      dispatched(process: ProcessName, event) {
        calls = 0;
        if (event.kind !== "timer") return;
        const now = Math.floor(view.now() / 1000);
        if (now !== second) {
          second = now;
          timers = 0;
        }
        if (++timers <= TIMERS_PER_SECOND_BASE) return;
        const max = TIMERS_PER_SECOND_BASE + TIMERS_PER_SECOND_PER_CONTROLLER * controllers();
        if (timers > max)
          stormed(`at most ${String(max)} timers per second`, `${process} had more; the last was ${event.timer}`);
      },
      called({ process, name }) {
        if (++calls <= CALLS_PER_EVENT_BASE) return;
        const max = CALLS_PER_EVENT_BASE + CALLS_PER_EVENT_PER_CONTROLLER * controllers();
        if (calls > max)
          stormed(`at most ${String(max)} calls for one event`, `${process} made more; the last was ${name}`);
      },
      observed(seen) {
        if (seen.kind !== "connect-begin" || !isDaemon(seen.by)) return;
        const now = view.now();
        const times = (connects.get(seen.options) ?? []).filter((time) => now - time < MINUTE_MS);
        times.push(now);
        connects.set(seen.options, times);
        if (times.length <= CONNECTS_PER_MINUTE_MAX) return;
        stormed(
          `at most ${String(CONNECTS_PER_MINUTE_MAX)} connects of one controller per minute`,
          `${seen.by} tried ${String(times.length)} times: ${seen.options}`,
        );
      },
    };
  },
};
