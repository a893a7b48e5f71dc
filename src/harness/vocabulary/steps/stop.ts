import { sole } from "../part.js";
import { processTarget } from "../parts/states.js";
import { step } from "../word.js";

export const stop = step({
  key: "stop",
  target: "processes",
  describe: "A daemon is asked to stop.",
  example: "stop: staf",
  says: sole("process", processTarget),
});
