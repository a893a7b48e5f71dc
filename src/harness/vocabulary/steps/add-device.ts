import { usual } from "../members.js";
import { madeBy } from "../parts/states.js";
import { record } from "../record.js";
import { step } from "../word.js";
import { connectionOptions, connectionPeer } from "../world/connection.js";

export const addDevice = step({
  key: "add-device",
  target: "kernel",
  describe: "Someone other than the daemons connects.",
  example: "add-device: { to: dc1, made-by: administrator }",
  says: record({ ...connectionPeer, "made-by": usual(madeBy, "nvme-cli"), ...connectionOptions }),
});
