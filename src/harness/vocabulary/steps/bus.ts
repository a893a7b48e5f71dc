import { sole } from "../part.js";
import { upDown } from "../parts/states.js";
import { step } from "../word.js";

export const bus = step({
  key: "bus",
  target: "bus",
  describe: "The system bus comes up or goes down.",
  example: "bus: down",
  says: sole("state", upDown),
});
