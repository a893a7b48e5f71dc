import { sole } from "../part.js";
import { discoveryController } from "../parts/ids.js";
import { step } from "../word.js";

export const aen = step({
  key: "aen",
  target: "fabric",
  describe: "A discovery controller sends an AEN, subject to masking.",
  example: "aen: dc1",
  says: sole("dc", discoveryController),
});
