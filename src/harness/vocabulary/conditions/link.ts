import { as, spread } from "../members.js";
import { hostInterface } from "../parts/ids.js";
import { linkState } from "../parts/states.js";
import { record } from "../record.js";
import { condition } from "./condition.js";

export const link = condition({
  key: "link",
  describe: "While a link is in this state.",
  example: "{ link: { interface: eth0, state: down } }",
  says: record({ link: spread(record({ interface: as("hostIface", hostInterface), state: linkState })) }),
  format: ({ hostIface, state }) => `link ${hostIface} is ${state}`,
  holds: ({ hostIface, state }, view) => view.linkState(hostIface) === state,
});
