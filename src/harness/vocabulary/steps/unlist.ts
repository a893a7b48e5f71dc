import { list } from "../list.js";
import { discoveryController, peer } from "../parts/ids.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const unlist = step({
  key: "unlist",
  target: "fabric",
  describe: "The entries for these ids leave a discovery log page.",
  example: "unlist: { dc: dc1, entries: [vol1] }",
  says: record({
    dc: discoveryController,
    entries: list(peer, "a list of ids", { min: 1, expected: "at least one id" }),
  }),
});
