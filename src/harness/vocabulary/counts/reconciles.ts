import { as } from "../members.js";
import { service } from "../parts/states.js";
import { record } from "../record.js";
import { counted } from "./counted.js";

export const reconciles = counted({
  key: "reconciles",
  describe: "How often a service compares what is wanted with what is present.",
  example: "{ reconciles: staf }",
  says: record({ reconciles: as("service", service) }),
  format: ({ service: name }) => `reconciles of ${name}`,
  watch: ({ service: name }, _view, add) => ({
    handled: (_process, done, at) => {
      for (let left = done[name]; left > 0; left--) add(at, "");
    },
  }),
});
