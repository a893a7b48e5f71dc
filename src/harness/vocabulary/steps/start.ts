import { sole } from "../part.js";
import { processTarget } from "../parts/states.js";
import { step } from "../word.js";

export const start = step({
  key: "start",
  target: "processes",
  describe:
    "A daemon starts. If one process runs both services, each target means that process, here and in the steps below.",
  example: "start: staf",
  says: sole("process", processTarget),
});
