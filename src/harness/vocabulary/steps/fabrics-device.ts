import { sole } from "../part.js";
import { choice } from "../parts/scalars.js";
import { step } from "../word.js";

export const fabricsDevice = step({
  key: "fabrics-device",
  target: "kernel",
  describe: "/dev/nvme-fabrics appears, or disappears: its module is loaded or unloaded.",
  example: "fabrics-device: present",
  says: sole("presence", choice(["present", "absent"])),
});
