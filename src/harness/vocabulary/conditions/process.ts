import { spread } from "../members.js";
import { flag } from "../parts/scalars.js";
import { service } from "../parts/states.js";
import { record } from "../record.js";
import { condition } from "./condition.js";

export const process = condition({
  key: "process",
  describe: "While a service runs, or does not.",
  example: "{ process: { name: staf, running: false } }",
  says: record({ process: spread(record({ name: service, running: flag })) }),
  format: ({ name, running }) => `${name} ${running ? "runs" : "does not run"}`,
  holds: ({ name, running }, view) => view.serviceState(name).running === running,
});
