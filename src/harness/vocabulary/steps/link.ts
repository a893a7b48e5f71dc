import { hostInterface } from "../parts/ids.js";
import { linkState } from "../parts/states.js";
import { as } from "../members.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const link = step({
  key: "link",
  target: "network",
  describe: "The state of a link changes.",
  example: "link: { interface: eth0, state: down }",
  says: record({ interface: as("hostIface", hostInterface), state: linkState }),
});
