import type { MdnsFault } from "../../../adapters/sim/spec.js";
import { either, shorthand } from "../either.js";
import { as, usual } from "../members.js";
import { kinded } from "../part.js";
import { choice, integer, times } from "../parts/scalars.js";
import { duration } from "../parts/times.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

const pass = shorthand<"pass", MdnsFault>(choice(["pass"]), {
  read: (kind) => ({ kind }),
  write: ({ kind }) => (kind === "pass" ? kind : undefined),
});

export const mdnsFault = worldWord<MdnsFault>({
  key: "mdnsFault",
  place: "the step mdns",
  describe:
    "What happens to the next mDNS datagrams on their way to the daemons: this many are lost, doubled or late (later " +
    "ones overtake them). lose-percent loses this share of all datagrams, queries too. pass ends the fault.",
  example: "{ delay: 2s, count: 1 }",
  says: either("pass, or one of { lose }, { lose-percent }, { delay }, { double }", [
    pass,
    kinded("lose", record({ lose: as("count", times) })),
    kinded("thin", record({ "lose-percent": as("percent", integer(1, 100)) })),
    kinded("delay", record({ delay: as("by", duration), count: usual(times, 1) })),
    kinded("double", record({ double: as("count", times) })),
  ]),
});
