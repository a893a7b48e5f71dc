import { formatRef, refMatches } from "../../controllers.js";
import { lookOnce } from "../../observers/moment.js";
import { failed, formatTime, MET } from "../../observers/observer.js";
import { explain, formatStates } from "../../observers/peers.js";
import { usual } from "../members.js";
import { controllers } from "../parts/ids.js";
import { flag } from "../parts/scalars.js";
import { time } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";

export const connected = expectation({
  key: "connected",
  describe: "Live controllers to these peers exist at that time.",
  example: "{ at: 30s, connected: [dc1, vol1], exactly: true }",
  says: record({
    at: time,
    connected: controllers,
    exactly: usual(flag, false, "And no other controller exists, except one that a connect in flight is making."),
  }),
  observe: ({ at, connected: refs, exactly }, view, report) => {
    const names = refs.length === 0 ? "nothing" : refs.map(formatRef).join(", ");
    const expected = `connected at ${formatTime(at)}: ${names}${exactly ? ", and nothing else" : ""}`;
    return lookOnce(at, expected, report, () => {
      const missing = refs.filter((ref) => !view.controllers.isConnected(ref));
      if (missing.length > 0) {
        const states = missing.map((ref) => `${formatRef(ref)}: ${formatStates(view.controllers.matching(ref))}`);
        return failed(states.join("; "), ...missing.flatMap((ref) => explain(view, ref)));
      }
      if (!exactly) return MET;
      const others = [...view.controllers.all()].filter(
        (other) => !view.controllers.isInTheMaking(other.uid) && !refs.some((ref) => refMatches(ref, other)),
      );
      if (others.length === 0) return MET;
      const names = others.map((other) => `${other.name} to ${other.peer ?? other.traddr} (${other.state})`);
      return failed(`also there: ${names.join(", ")}`);
    });
  },
});
