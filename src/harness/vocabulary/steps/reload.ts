import { sole } from "../part.js";
import { processTarget } from "../parts/states.js";
import { step } from "../word.js";

export const reload = step({
  key: "reload",
  target: "processes",
  describe: "A daemon is asked to reload its configuration.",
  example: "reload: staf",
  says: sole("process", processTarget),
});
