import { optional } from "../members.js";
import { peer } from "../parts/ids.js";
import { record } from "../record.js";
import { step } from "../word.js";
import { dhchapKeys } from "../world/dhchap.js";

export const dhchap = step({
  key: "dhchap",
  target: "fabric",
  describe: "A target gets other DH-HMAC-CHAP keys. Connections that are there stay.",
  example: 'dhchap: { id: vol1, keys: { secret: "DHHC-1:00:a2V5a2V5a2V5:" } }',
  says: record({ id: peer, keys: optional(dhchapKeys, "It authenticates no host if absent.") }),
});
