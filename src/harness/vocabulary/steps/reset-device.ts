import { sole } from "../part.js";
import { device } from "../parts/ids.js";
import { step } from "../word.js";

export const resetDevice = step({
  key: "reset-device",
  target: "kernel",
  describe: "Controllers are reset.",
  example: "reset-device: dc1",
  says: sole("target", device),
});
