import type { LinkState } from "../../../adapters/sim/spec.js";
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
  follow: ({ hostIface, state }, view) => {
    const initial = view.spec.network.links.find((each) => each.hostIface === hostIface);
    let now: LinkState = initial?.state ?? "up";
    return {
      acted: (action) => {
        if (action.kind === "link" && action.hostIface === hostIface) now = action.state;
      },
      holds: () => now === state,
    };
  },
});
