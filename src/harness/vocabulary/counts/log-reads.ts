import { formatRef, refMatches } from "../../controllers.js";
import { as } from "../members.js";
import { controller } from "../parts/ids.js";
import { record } from "../record.js";
import { counted } from "./counted.js";

export const logReads = counted({
  key: "log-reads",
  describe: "Reads of this peer's discovery log page, counted by their header.",
  example: "{ log-reads: dc1 }",
  says: record({ "log-reads": as("controller", controller) }),
  format: ({ controller: ref }) => `log-reads of ${formatRef(ref)}`,
  watch: ({ controller: ref }, view, add) => ({
    called: ({ pageRead }, at) => {
      if (pageRead?.step !== "begin") return;
      for (const each of view.controllers.all()) {
        if (each.name === pageRead.device && refMatches(ref, each)) add(at, each.name);
      }
    },
  }),
});
