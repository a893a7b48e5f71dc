import { either } from "../either.js";
import { list } from "../list.js";
import { as } from "../members.js";
import { discoveryController, subsystem } from "../parts/ids.js";
import { record } from "../record.js";
import { step } from "../word.js";

const subsystems = list(subsystem, "a list of ids", { min: 1, expected: "at least one id" });

export const ncc = step({
  key: "ncc",
  target: "fabric",
  describe: "The NCC bit of entries changes.",
  example: "ncc: { dc: dc1, set: [vol1] }",
  says: either("{ dc: ID, set: [IDS] } or { dc: ID, clear: [IDS] }", [
    record({ dc: discoveryController, set: as("entries", subsystems) }, { set: "set" }),
    record({ dc: discoveryController, clear: as("entries", subsystems) }, { set: "clear" }),
  ]),
});
