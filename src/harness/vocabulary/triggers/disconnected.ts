import { refMatches } from "../../controllers.js";
import { as } from "../members.js";
import { controller } from "../parts/ids.js";
import { record } from "../record.js";
import { nth, trigger } from "./happening.js";

export const disconnected = trigger({
  key: "disconnected",
  describe: "A kernel controller to this peer is removed.",
  example: "{ disconnected: dc1@eth0 }",
  says: record({ disconnected: as("controller", controller), nth }),
  awaits: () => "observed",
  meets: ({ controller: ref }, { seen }) => seen.kind === "controller-removed" && refMatches(ref, seen.controller),
});
