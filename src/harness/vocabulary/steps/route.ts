import { as, required } from "../members.js";
import { prefixedAddress } from "../parts/addresses.js";
import { hostInterface } from "../parts/ids.js";
import { linkState } from "../parts/states.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const route = step({
  key: "route",
  target: "network",
  describe: "The state of a route changes.",
  example: "route: { to: 172.16.0.0/12, interface: eth1, state: down }",
  says: record({
    to: required(prefixedAddress, "Destination beyond the subnets."),
    interface: as("hostIface", hostInterface),
    state: linkState,
  }),
});
