/** The measurements of `npm run lab -- --bench`. A measurement is a check that sends its figures as a payload. */
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check, GuestName } from "../check.js";
import { measure, type Measured } from "./measure.js";

const LIMIT = Seconds(300);

function measurement(guest: GuestName, what: Measured): Check {
  const how = what.processes === 1 ? "both services in one process" : "two processes";
  return {
    name: `${what.volumes} I/O controllers, ${how}`,
    guest,
    limit: LIMIT,
    async run(lab) {
      lab.payload(`bench-${what.volumes}-${what.processes}`, await measure(lab, what));
    },
  };
}

/** In the order in which they run. Costs grow with the number of controllers, so 150 controllers get the most rounds. */
export const MEASUREMENTS: readonly Check[] = [
  measurement("bench-10", { volumes: 10, processes: 1, rounds: 3, idle: false }),
  measurement("bench-50", { volumes: 50, processes: 1, rounds: 3, idle: false }),
  measurement("bench-50", { volumes: 50, processes: 2, rounds: 3, idle: false }),
  measurement("bench-150", { volumes: 150, processes: 1, rounds: 5, idle: true }),
  measurement("bench-150", { volumes: 150, processes: 2, rounds: 3, idle: false }),
];
