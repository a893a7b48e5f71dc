import { formatRef } from "../../controllers.js";
import { isDaemon } from "../../observers/connections.js";
import { as } from "../members.js";
import { controller } from "../parts/ids.js";
import { record } from "../record.js";
import { counted } from "./counted.js";

export const disconnects = counted({
  key: "disconnects",
  describe: "Deletes of controllers to this peer by daemons.",
  example: "{ disconnects: vol1 }",
  says: record({ disconnects: as("controller", controller) }),
  format: ({ controller: ref }) => `disconnects of ${formatRef(ref)}`,
  watch: ({ controller: ref }, view, add) => ({
    observed: (seen, at) => {
      if (seen.kind !== "delete-begin" || !isDaemon(seen.by)) return;
      if (view.controllers.isOneOf([ref], seen.uid)) add(at, seen.name);
    },
  }),
});
