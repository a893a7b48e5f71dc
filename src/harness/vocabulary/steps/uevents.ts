import { sole } from "../part.js";
import { step } from "../word.js";
import { ueventFault } from "../world/uevent-fault.js";

export const uevents = step({
  key: "uevents",
  target: "uevents",
  describe: "A fault affects the next uevents on their way to the daemon.",
  example: "uevents: { lose: 1, device: nvme0, action: remove }",
  says: sole("fault", ueventFault.part),
});
