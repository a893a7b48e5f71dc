import { sole } from "../part.js";
import { upDown } from "../parts/states.js";
import { step } from "../word.js";

export const bus = step({
  key: "bus",
  target: "bus",
  describe: "The system bus goes down or comes back.",
  example: "bus: down",
  says: sole("state", upDown),
});
