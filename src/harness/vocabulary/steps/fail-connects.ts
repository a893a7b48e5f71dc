import type { ConnectFailure } from "../../../adapters/sim/spec.js";
import { exactlyOne } from "../group.js";
import { optional, required } from "../members.js";
import { peer } from "../parts/ids.js";
import { integer, times } from "../parts/scalars.js";
import { record } from "../record.js";
import { step } from "../word.js";

const failure = exactlyOne<"status" | "errno", number, ConnectFailure>(
  {
    status: required(
      integer(1, 0xffff),
      "NVMe status of the target. Controller Busy is 0x181, Invalid Parameters 0x182, Invalid Host 0x184; Do Not " +
        "Retry adds 0x4000. The kernel answers EIO.",
    ),
    errno: required(integer(1, 4_095), "errno of the kernel, such as 4 for a connect that a signal interrupts."),
  },
  {
    read: (kind, value) => (kind === "status" ? { kind, status: value } : { kind, errno: value }),
    write: (value) => (value.kind === "status" ? [value.kind, value.status] : [value.kind, value.errno]),
    none: "one of the keys status, errno",
    second: () => "only one of status, errno",
  },
);

export const failConnects = step({
  key: "fail-connects",
  target: "fabric",
  describe: "The next Connect commands to a peer fail, those of reconnecting controllers too.",
  example: "fail-connects: { to: vol1, status: 0x4184, times: 3 }",
  says: record({ to: peer, failure, times: optional(times, "How many of them; all from now on if absent.") }),
});
