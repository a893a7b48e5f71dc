import { sole } from "../part.js";
import { device } from "../parts/ids.js";
import { step } from "../word.js";

export const triggerDevice = step({
  key: "trigger-device",
  target: "kernel",
  describe: "The `add` uevents of controllers are sent again, as `udevadm trigger` asks for.",
  example: "trigger-device: dc1",
  says: sole("target", device),
});
