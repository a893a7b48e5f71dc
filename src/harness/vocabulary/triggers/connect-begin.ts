import { viaInterface } from "../../controllers.js";
import { as } from "../members.js";
import { controller } from "../parts/ids.js";
import { record } from "../record.js";
import { nth, trigger } from "./happening.js";

export const connectBegin = trigger({
  key: "connect-begin",
  describe: "A connect string for this peer enters the kernel.",
  example: "{ connect-begin: vol1, nth: 2 }",
  says: record({ "connect-begin": as("controller", controller), nth }),
  awaits: () => "observed",
  meets: ({ controller: ref }, { seen }) =>
    seen.kind === "connect-begin" && seen.peer === ref.id && viaInterface(ref, seen.options),
});
