import { device } from "../parts/ids.js";
import { sole } from "../part.js";
import { step } from "../word.js";

export const removeDevice = step({
  key: "remove-device",
  target: "kernel",
  describe: "The kernel deletes every controller to a peer, or the one with this device name.",
  example: "remove-device: dc1",
  says: sole("target", device),
});
