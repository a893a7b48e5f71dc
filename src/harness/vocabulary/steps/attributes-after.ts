import { sole } from "../part.js";
import { duration } from "../parts/times.js";
import { step } from "../word.js";

export const attributesAfter = step({
  key: "attributes-after",
  target: "kernel",
  describe: "From now on, attributes fill in this long after `add`.",
  example: "attributes-after: 200ms",
  says: sole("delay", duration),
});
