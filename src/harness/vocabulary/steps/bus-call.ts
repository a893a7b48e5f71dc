import { either } from "../either.js";
import { list } from "../list.js";
import { usual } from "../members.js";
import { anyText, flag, integer, line } from "../parts/scalars.js";
import { service } from "../parts/states.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const busCall = step({
  key: "bus-call",
  target: "bus",
  describe: "A client calls a method, as stasctl would.",
  example: "bus-call: { service: staf, method: list_controllers, args: [true], uid: 0 }",
  says: record({
    service,
    method: line("the name of a method"),
    args: usual(list(either("text, true or false", [anyText("text"), flag]), "a list of text and booleans"), []),
    uid: usual(integer(0, 0xffff_fffe), 0),
  }),
});
