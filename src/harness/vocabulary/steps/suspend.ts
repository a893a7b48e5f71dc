import { sole } from "../part.js";
import { duration } from "../parts/times.js";
import { step } from "../word.js";

export const suspend = step({
  key: "suspend",
  target: "kernel",
  describe:
    "The host sleeps this long and wakes up. Its timers stand still meanwhile, so no time of the run passes. The wall clock " +
    "goes on, and a target that got no keep-alive drops the connection.",
  example: "suspend: 8h",
  says: sole("asleep", duration),
});
