import { sole } from "../part.js";
import { peer } from "../parts/ids.js";
import { step } from "../word.js";

export const acceptConnects = step({
  key: "accept-connects",
  target: "fabric",
  describe: "The step fail-connects no longer applies to a peer.",
  example: "accept-connects: vol1",
  says: sole("to", peer),
});
