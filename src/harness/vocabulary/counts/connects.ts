import { formatRef, viaInterface } from "../../controllers.js";
import { isDaemon } from "../../observers/connections.js";
import { as } from "../members.js";
import { controller } from "../parts/ids.js";
import { record } from "../record.js";
import { counted } from "./counted.js";

export const connects = counted({
  key: "connects",
  describe: "Connect strings that daemons write for this peer.",
  example: "{ connects: vol1 }",
  says: record({ connects: as("controller", controller) }),
  format: ({ controller: ref }) => `connects of ${formatRef(ref)}`,
  watch: ({ controller: ref }, _view, add) => ({
    observed: (seen, at) => {
      if (seen.kind !== "connect-begin" || !isDaemon(seen.by) || seen.peer !== ref.id) return;
      if (viaInterface(ref, seen.options)) add(at, "");
    },
  }),
});
