import { sole } from "../part.js";
import { device } from "../parts/ids.js";
import { step } from "../word.js";

export const triggerDevice = step({
  key: "trigger-device",
  target: "kernel",
  describe: "The kernel sends the `add` uevents of controllers again, as for `udevadm trigger`.",
  example: "trigger-device: dc1",
  says: sole("target", device),
});
