import { refMatches } from "../../controllers.js";
import { as } from "../members.js";
import { controller } from "../parts/ids.js";
import { record } from "../record.js";
import { nth, trigger } from "./happening.js";

export const connected = trigger({
  key: "connected",
  describe: "A kernel controller to this peer becomes live.",
  example: "{ connected: dc1 }",
  says: record({ connected: as("controller", controller), nth }),
  awaits: () => "observed",
  meets: ({ controller: ref }, { seen }, controllers) => {
    if (seen.kind !== "controller-state" || seen.to !== "live") return false;
    const view = controllers.get(seen.uid);
    return view !== undefined && refMatches(ref, view);
  },
});
