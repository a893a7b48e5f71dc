import { discoveryController } from "../parts/ids.js";
import { record } from "../record.js";
import { step } from "../word.js";
import { entries } from "../world/entry.js";

export const setEntries = step({
  key: "set-entries",
  target: "fabric",
  describe: "New entries replace a discovery log page.",
  example: "set-entries: { dc: dc1, entries: [vol1] }",
  says: record({ dc: discoveryController, entries }),
});
