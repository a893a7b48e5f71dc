import { sole } from "../part.js";
import { hostInterface } from "../parts/ids.js";
import { step } from "../word.js";

export const removeInterface = step({
  key: "remove-interface",
  target: "network",
  describe: "An interface disappears.",
  example: "remove-interface: eth1",
  says: sole("name", hostInterface),
});
