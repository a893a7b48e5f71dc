import { either } from "../either.js";
import { subsystem } from "../parts/ids.js";
import { choice } from "../parts/scalars.js";
import { record } from "../record.js";
import { step } from "../word.js";
import { allowedHosts } from "../world/subsystem.js";

export const allowHosts = step({
  key: "allow-hosts",
  target: "fabric",
  describe: "From now on, a subsystem accepts these hosts.",
  example: "allow-hosts: { subsystem: vol1, hosts: any }",
  says: record({ subsystem, hosts: either("any, or a list of host NQNs", [choice(["any"]), allowedHosts]) }),
});
