import { as, required, usual } from "../members.js";
import { prefixedAddress } from "../parts/addresses.js";
import { hostInterface } from "../parts/ids.js";
import { linkState } from "../parts/states.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

export const route = worldWord({
  key: "route",
  place: "network.routes",
  describe: "A destination beyond the subnets of the host.",
  example: "{ to: 172.16.0.0/12, interface: eth1 }",
  says: record({
    to: required(prefixedAddress, "Destination."),
    interface: as("hostIface", hostInterface),
    state: usual(linkState, "up"),
  }),
});
