import { sole } from "../part.js";
import { upDown } from "../parts/states.js";
import { step } from "../word.js";

export const avahi = step({
  key: "avahi",
  target: "avahi",
  describe: "Avahi starts or stops.",
  example: "avahi: down",
  says: sole("state", upDown),
});
