import { spread } from "../members.js";
import { peer } from "../parts/ids.js";
import { listenerState } from "../parts/states.js";
import { record } from "../record.js";
import { condition } from "./condition.js";

export const listener = condition({
  key: "listener",
  describe: "While every address of a peer is in this state.",
  example: "{ listener: { id: dc1, state: silent } }",
  says: record({ listener: spread(record({ id: peer, state: listenerState })) }),
  format: ({ id, state }) => `${id} is ${state}`,
  holds: ({ id, state }, view) => {
    const states = view.listenerStates(id);
    return states.length > 0 && states.every((each) => each === state);
  },
});
