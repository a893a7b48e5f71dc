import { formatRef } from "../../controllers.js";
import { lookOnce } from "../../observers/moment.js";
import { failed, formatTime, MET } from "../../observers/observer.js";
import { explain, formatStates } from "../../observers/peers.js";
import { controllers } from "../parts/ids.js";
import { time } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";

export const disconnected = expectation({
  key: "disconnected",
  describe: "No controller to these peers exists at that time.",
  example: "{ at: 50s, disconnected: vol1 }",
  says: record({ at: time, disconnected: controllers }),
  observe: ({ at, disconnected: refs }, view, report) => {
    const expected = `no controller at ${formatTime(at)} to ${refs.map(formatRef).join(", ")}`;
    return lookOnce(at, expected, report, () => {
      const present = refs.filter((ref) => view.controllers.exists(ref));
      if (present.length === 0) return MET;
      const states = present.map((ref) => `${formatRef(ref)}: ${formatStates(view.controllers.matching(ref))}`);
      return failed(states.join("; "), ...present.flatMap((ref) => explain(view, ref)));
    });
  },
});
