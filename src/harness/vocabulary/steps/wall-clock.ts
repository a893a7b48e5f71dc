import { sole } from "../part.js";
import { signedDuration } from "../parts/times.js";
import { step } from "../word.js";

export const wallClock = step({
  key: "wall-clock",
  target: "clock",
  describe: "The wall clock steps forwards or backwards.",
  example: "wall-clock: -90s",
  says: sole("step", signedDuration),
});
