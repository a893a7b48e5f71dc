import { stepName } from "../parts/ids.js";
import { record } from "../record.js";
import { trigger } from "./happening.js";

export const step = trigger({
  key: "step",
  describe: "Another step is carried out.",
  example: "{ step: gone }",
  says: record({ step: stepName }),
  awaits: () => "step",
  meets: ({ step: id }, happening) => happening.step === id,
});
