import type { DiscoveryControllerSpec } from "../../../adapters/sim/spec.js";
import { optional, required, usual } from "../members.js";
import { nqn } from "../parts/addresses.js";
import { newDiscoveryController } from "../parts/ids.js";
import { choice, flag } from "../parts/scalars.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";
import { answers } from "./answer.js";
import { dhchapKeys } from "./dhchap.js";
import { entries } from "./entry.js";
import { listen } from "./listener.js";

export const discoveryController = worldWord<DiscoveryControllerSpec>({
  key: "discoveryController",
  place: "fabric.discovery-controllers",
  describe: "A discovery controller: where it listens and what its log page lists.",
  example: "{ id: dc1, kind: cdc, listen: 192.168.1.20:8009, entries: [vol1] }",
  says: record({
    id: newDiscoveryController,
    kind: usual(choice(["plain", "cdc", "ddc"]), "plain", "plain: dctype none, like the kernel's own target."),
    listen: required(listen, "Where it listens."),
    nqn: optional(nqn, "Unique NQN (TP8013); the well-known one if absent."),
    entries: usual(entries, []),
    answers: usual(answers, []),
    pleo: usual(flag, false, "PLEOS in Supported Log Pages; false: the page is rejected."),
    extdlpes: usual(flag, false, "EXTDLPES in Supported Log Pages: extended entries can be requested."),
    padding: usual(choice(["nul", "space"]), "nul", "What pads the text fields of its page."),
    aens: optional(flag, "Whether it sends AENs (OAES in Identify Controller). It does if absent."),
    dhchap: optional(dhchapKeys, "It authenticates no host if absent."),
    "keep-alive": optional(
      choice(["ignored", "refused"]),
      "ignored: it answers no keep-alive, so the host stops sending them and notices no silent loss. refused: it " +
        "rejects a Connect with a keep-alive timeout (0x4182). It answers them if absent.",
    ),
  }),
});
