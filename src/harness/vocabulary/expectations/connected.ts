import { usual } from "../members.js";
import { controllers } from "../parts/ids.js";
import { flag } from "../parts/scalars.js";
import { time } from "../parts/times.js";
import { record } from "../record.js";
import { word } from "../word.js";

export const connected = word({
  key: "connected",
  describe: "Live controllers to these peers exist at that time.",
  example: "{ at: 30s, connected: [dc1, vol1], exactly: true }",
  says: record({
    at: time,
    connected: controllers,
    exactly: usual(flag, false, "And no other controller exists."),
  }),
});
