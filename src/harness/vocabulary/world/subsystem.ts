import type { SubsystemSpec } from "../../../adapters/sim/spec.js";
import { DEFAULT_NAMESPACES } from "../../scenario/defaults.js";
import { list } from "../list.js";
import { optional, required, usual } from "../members.js";
import { nqn } from "../parts/addresses.js";
import { newSubsystem } from "../parts/ids.js";
import { choice, integer } from "../parts/scalars.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";
import { dhchapKeys } from "./dhchap.js";
import { listen } from "./listener.js";

/** Host NQNs that may connect. */
export const allowedHosts = list(nqn, "a list of host NQNs");

export const subsystem = worldWord<SubsystemSpec>({
  key: "subsystem",
  place: "fabric.subsystems",
  describe: "A subsystem and its namespaces.",
  example: "{ id: vol1, nqn: nqn.2023-01.example:vol1, listen: 192.168.1.30:4420 }",
  says: record({
    id: newSubsystem,
    nqn,
    listen: required(listen, "Where it listens."),
    "allowed-hosts": optional(allowedHosts, "Host NQNs that may connect; any if absent."),
    namespaces: usual(integer(0, 1_024), DEFAULT_NAMESPACES),
    dhchap: optional(dhchapKeys, "It authenticates no host if absent."),
    controllers: optional(
      integer(0, 65_519),
      "How many controllers it has. It rejects a further Connect (0x4181). Enough if absent.",
    ),
    cntlids: optional(
      choice(["per-address"]),
      "per-address: each address numbers its controllers on its own. The kernel rejects a controller whose id another " +
        "one of the subsystem has (EINVAL). Unique if absent.",
    ),
  }),
});
