import { Milliseconds } from "../../../core/domain/units.js";
import { as, usual } from "../members.js";
import { hostInterface } from "../parts/ids.js";
import { linkState } from "../parts/states.js";
import { duration } from "../parts/times.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

export const link = worldWord({
  key: "link",
  place: "network.links",
  describe: "The link of a host interface. A link that is not named is up.",
  example: "{ interface: eth1, state: silent, latency: 2ms }",
  says: record({
    interface: as("hostIface", hostInterface),
    state: usual(linkState, "up"),
    latency: usual(duration, Milliseconds(0), "One way."),
  }),
});
