import { formatRef } from "../../controllers.js";
import type { ControllerDescription } from "../../core-view.js";
import { lookOnce } from "../../observers/moment.js";
import { failed, formatTime, MET } from "../../observers/observer.js";
import { explain, isAbout } from "../../observers/peers.js";
import { LIFE_STATES } from "../../scenario/names.js";
import { required, spread } from "../members.js";
import { controller } from "../parts/ids.js";
import { choice } from "../parts/scalars.js";
import { service } from "../parts/states.js";
import { time } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";

export const state = expectation({
  key: "state",
  describe: "Where a service says that a controller stands.",
  example: "{ at: 50s, state: { controller: vol1, service: stac, state: connected } }",
  says: record({
    at: time,
    state: spread(
      record({
        controller,
        service,
        state: required(
          choice([...LIFE_STATES, "absent"]),
          "Where the service says that it stands; absent: the service has none.",
        ),
      }),
    ),
  }),
  observe: ({ at, controller: ref, service: name, state: wanted }, view, report) =>
    lookOnce(at, `${name} has ${formatRef(ref)} ${wanted} at ${formatTime(at)}`, report, () => {
      const found = view.describe().filter((each) => each.service === name && isAbout(view, each, ref));
      if (wanted === "absent") return found.length === 0 ? MET : failed(`${name} has it ${formatFound(found)}`);
      if (found.some((each) => each.state === wanted)) return MET;
      return failed(found.length === 0 ? `${name} has no such controller` : formatFound(found), ...explain(view, ref));
    }),
});

function formatFound(found: readonly ControllerDescription[]): string {
  return found.map((each) => each.state).join(", ");
}
