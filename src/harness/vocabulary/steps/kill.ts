import { sole } from "../part.js";
import { processTarget } from "../parts/states.js";
import { step } from "../word.js";

export const kill = step({
  key: "kill",
  target: "processes",
  describe: "A daemon is killed (kill -9).",
  example: "kill: both",
  says: sole("process", processTarget),
});
