import { KERNEL_VERSIONS } from "../../../adapters/sim/spec.js";
import { Milliseconds } from "../../../core/domain/units.js";
import { DEFAULT_KERNEL_VERSION, DEFAULT_UEVENT_BUFFER } from "../../scenario/defaults.js";
import { list } from "../list.js";
import { optional, usual } from "../members.js";
import { choice, integer, share } from "../parts/scalars.js";
import { duration } from "../parts/times.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";
import { initialController } from "./initial-controller.js";

export const kernel = worldWord({
  key: "kernel",
  place: "host.kernel",
  describe: "The simulated kernel.",
  example: '{ version: "6.1", uevent-buffer: 500, attributes-after: 20ms, jitter: 0.1 }',
  says: record({
    version: usual(
      choice(KERNEL_VERSIONS),
      DEFAULT_KERNEL_VERSION,
      "Kernel profile, in quotes: 6.12 without quotes is a number.",
    ),
    controllers: usual(
      list(initialController.part, "a list of controllers"),
      [],
      "Controllers that exist before the daemon starts.",
    ),
    "fabrics-device": optional(
      choice(["absent"]),
      "absent: /dev/nvme-fabrics appears with a step. It is there from the start if absent.",
    ),
    "uevent-buffer": usual(
      integer(1, 1_000_000),
      DEFAULT_UEVENT_BUFFER,
      "How many uevents fit a process's netlink socket before it overflows.",
    ),
    "attributes-after": usual(
      duration,
      Milliseconds(0),
      "How long after `add` the attributes fill in, beyond the nominal connect.",
    ),
    jitter: usual(share, 0, "Each latency is drawn from nominal +- this share."),
  }),
});
