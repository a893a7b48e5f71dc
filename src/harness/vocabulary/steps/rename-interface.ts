import { required } from "../members.js";
import { again } from "../part.js";
import { hostInterface, newInterface } from "../parts/ids.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const renameInterface = step({
  key: "rename-interface",
  target: "network",
  describe:
    "An interface gets another name. Its connections live on, and sysfs shows the name that they were made with. The " +
    "kernel reconnects them by that name, which fails (ENODEV).",
  example: "rename-interface: { name: eth1, to: eth9 }",
  says: record({ name: hostInterface, to: required(again(newInterface), "Its new name.") }),
});
