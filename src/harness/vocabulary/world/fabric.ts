import { list } from "../list.js";
import { usual } from "../members.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";
import { discoveryController } from "./discovery-controller.js";
import { subsystem } from "./subsystem.js";

export const fabric = worldWord({
  key: "fabric",
  place: "fabric",
  describe: "The storage: discovery controllers and subsystems.",
  example: "{ subsystems: [{ id: vol1, nqn: nqn.2023-01.example:vol1, listen: 192.168.1.30:4420 }] }",
  says: record({
    "discovery-controllers": usual(list(discoveryController.part, "a list of discovery controllers"), []),
    subsystems: usual(list(subsystem.part, "a list of subsystems"), []),
  }),
});
