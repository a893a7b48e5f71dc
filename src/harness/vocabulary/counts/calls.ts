import { BUS_METHODS, REPLIED_CALLS, UNREPLIED_CALLS } from "../../scenario/names.js";
import { as } from "../members.js";
import { choice } from "../parts/scalars.js";
import { record } from "../record.js";
import { counted } from "./counted.js";

export const calls = counted({
  key: "calls",
  describe: "Calls on a port, or calls of a bus method by clients.",
  example: "{ calls: fabrics.connect }",
  says: record({ calls: as("call", choice([...REPLIED_CALLS, ...UNREPLIED_CALLS, ...BUS_METHODS])) }),
  format: ({ call }) => `calls of ${call}`,
  watch: ({ call }, _view, add) => ({
    called: ({ name, subject }, at) => {
      if (name === call) add(at, subject);
    },
    dispatched: (_process, event, at) => {
      if (event.kind === "bus-call" && event.method === call) add(at, event.sender);
    },
  }),
});
