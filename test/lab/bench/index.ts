/** What `npm run lab -- --bench` measures in guests. A measurement is a check that hands out what it measured. */
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check, GuestName } from "../check.js";
import type { Figures } from "./figures.js";
import { measure } from "./measure.js";

const LIMIT = Seconds(300);

function measurement(volumes: number, guest: GuestName, processes: Figures["processes"]): Check {
  const how = processes === 1 ? "both services in one process" : "two processes";
  return {
    name: `${volumes} I/O controllers, ${how}`,
    guest,
    limit: LIMIT,
    async run(lab) {
      // Only the largest stands still for a minute: what a minute costs grows with the controllers.
      lab.payload(`bench-${volumes}-${processes}`, await measure(lab, { volumes, processes, idle: volumes === 150 }));
    },
  };
}

/** In the order in which they run. */
export const MEASUREMENTS: readonly Check[] = [
  measurement(10, "bench-10", 1),
  measurement(50, "bench-50", 1),
  measurement(50, "bench-50", 2),
  measurement(150, "bench-150", 1),
  measurement(150, "bench-150", 2),
];
