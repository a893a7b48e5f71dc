import { BUS_METHODS, isReplied, REPLIED_CALLS, UNREPLIED_CALLS } from "../../scenario/names.js";
import { required, usual } from "../members.js";
import { checked } from "../part.js";
import { choice } from "../parts/scalars.js";
import { record } from "../record.js";
import { nth, trigger } from "./happening.js";

const says = record({
  call: required(
    choice([...REPLIED_CALLS, ...UNREPLIED_CALLS, ...BUS_METHODS]),
    "A call on a port, or a bus method that a client calls.",
  ),
  phase: usual(
    choice(["before", "before-reply", "after"]),
    "after",
    "before and after: around the call itself; before-reply: its answer is about to be delivered.",
  ),
  nth,
});

export const call = trigger({
  key: "call",
  describe: "A core calls a port, or a client calls a bus method.",
  example: "{ call: fabrics.connect, phase: before-reply }",
  says: checked(says, ({ call: name, phase }, complain) => {
    if (phase === "before-reply" && !isReplied(name)) {
      complain(["phase"], `before or after, because ${name} has no reply`);
    }
  }),
  awaits: () => "call",
  meets: ({ call: name, phase }, happening) => happening.name === name && happening.phase === phase,
});
