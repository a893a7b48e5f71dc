import { discoveryController } from "../parts/ids.js";
import { record } from "../record.js";
import { step } from "../word.js";
import { entries } from "../world/entry.js";

export const list = step({
  key: "list",
  target: "fabric",
  describe:
    "Entries join a discovery log page. Its AEN follows the kernel's masking rules, here and in the steps below.",
  example: "list: { dc: dc1, entries: [vol1] }",
  says: record({ dc: discoveryController, entries }),
});
