import { as } from "../members.js";
import { processTarget } from "../parts/states.js";
import { record } from "../record.js";
import { counted } from "./counted.js";

export const crashes = counted({
  key: "crashes",
  describe: "Processes that crashed: their core threw.",
  example: "{ crashes: both }",
  says: record({ crashes: as("process", processTarget) }),
  format: ({ process }) => `crashes of ${process}`,
  watch: ({ process: target }, _view, add) => ({
    crashed: (process, _error, at) => {
      if (target === "both" || process === "stas" || process === target) add(at, process);
    },
  }),
});
