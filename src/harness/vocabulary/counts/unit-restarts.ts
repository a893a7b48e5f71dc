import { as } from "../members.js";
import { pattern } from "../parts/scalars.js";
import { record } from "../record.js";
import { counted } from "./counted.js";

export const unitRestarts = counted({
  key: "unit-restarts",
  describe: "Restarts by daemons of units whose name matches.",
  example: '{ unit-restarts: "^nvmf-connect@" }',
  says: record({ "unit-restarts": as("matches", pattern) }),
  format: ({ matches }) => `restarts of units matching /${matches}/`,
  watch: ({ matches }, _view, add) => {
    const expression = new RegExp(matches, "u");
    return {
      called: ({ name, subject }, at) => {
        if (name === "system.restartUnit" && expression.test(subject)) add(at, subject);
      },
    };
  },
});
