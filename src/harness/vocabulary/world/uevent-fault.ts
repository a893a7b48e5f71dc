import type { UeventFault } from "../../../adapters/sim/spec.js";
import { either, shorthand } from "../either.js";
import { as, optional, usual } from "../members.js";
import { kinded } from "../part.js";
import { choice, line, times } from "../parts/scalars.js";
import { duration } from "../parts/times.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

const atOnce = shorthand<"pass" | "overflow", UeventFault>(choice(["pass", "overflow"]), {
  read: (kind) => ({ kind }),
  write: ({ kind }) => (kind === "pass" || kind === "overflow" ? kind : undefined),
});

const lose = record({
  lose: as("count", times),
  device: optional(line("a device name"), "Only those of this device."),
  action: optional(line("a uevent action"), "Only those with this action: add, change, remove."),
});

export const ueventFault = worldWord<UeventFault>({
  key: "ueventFault",
  place: "the step uevents",
  describe:
    "What happens to the next uevents on their way to the daemons: this many are lost, late, doubled or truncated. " +
    "flood sends this many uevents of other devices at once; overflow overruns the sockets now; pass ends all faults.",
  example: "{ lose: 1, device: nvme0, action: remove }",
  says: either("pass, overflow, or one of { lose }, { delay }, { double }, { truncate }, { flood }", [
    atOnce,
    kinded("lose", lose),
    kinded("delay", record({ delay: as("by", duration), count: usual(times, 1) })),
    kinded("double", record({ double: as("count", times) })),
    kinded("truncate", record({ truncate: as("count", times) })),
    kinded("flood", record({ flood: as("count", times) })),
  ]),
});
