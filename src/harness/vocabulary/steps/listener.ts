import { listenerNumber, peer, withListener } from "../parts/ids.js";
import { listenerState } from "../parts/states.js";
import { optional } from "../members.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const listener = step({
  key: "listener",
  target: "fabric",
  describe: "A listening address of a peer treats connections differently from now on.",
  example: "listener: { id: dc1, state: refuses, index: 0 }",
  says: withListener(
    record({
      id: peer,
      state: listenerState,
      index: optional(listenerNumber, "Number of the address (0-based); all of them if absent."),
    }),
    "id",
    "index",
  ),
});
