import type { NameAnswer } from "../../../adapters/sim/spec.js";
import { Milliseconds } from "../../../core/domain/units.js";
import { either, shorthand } from "../either.js";
import { list } from "../list.js";
import { as, required, usual } from "../members.js";
import { kinded } from "../part.js";
import { address } from "../parts/addresses.js";
import { choice, flag } from "../parts/scalars.js";
import { duration } from "../parts/times.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

const AT_ONCE = Milliseconds(0);

const addresses = list(address, "a list of IP addresses", { min: 1, expected: "at least one IP address" });

const failure = shorthand<"fails" | "silent", NameAnswer>(choice(["fails", "silent"]), {
  read: (kind) => (kind === "silent" ? { kind } : { kind, after: AT_ONCE }),
  write: (answer) =>
    answer.kind === "silent" || (answer.kind === "fails" && answer.after === 0) ? answer.kind : undefined,
});

/** The addresses of an answer that has nothing else. */
function plain(answer: NameAnswer): readonly string[] | undefined {
  return answer.kind === "addresses" && !answer.rotate && answer.after === 0 ? answer.addresses : undefined;
}

function answering(given: readonly string[]): NameAnswer {
  return { kind: "addresses", addresses: given, rotate: false, after: AT_ONCE };
}

export const nameAnswer = worldWord<NameAnswer>({
  key: "nameAnswer",
  place: "network.names, the step name",
  describe: "What the resolver answers for a name: addresses, a failure, or nothing at all (silent).",
  example: "{ addresses: [192.168.1.20, 192.168.1.21], rotate: true, after: 2s }",
  says: either("addresses, fails, silent, { addresses, rotate, after } or { fails: DURATION }", [
    failure,
    shorthand(address, { read: (one) => answering([one]), write: (answer) => only(plain(answer)) }),
    shorthand(addresses, { read: answering, write: plain }),
    kinded(
      "addresses",
      record({
        addresses,
        rotate: usual(flag, false, "Each answer starts one address later."),
        after: usual(duration, AT_ONCE, "How long the answer takes."),
      }),
    ),
    kinded("fails", record({ fails: as("after", required(duration, "How long the failure takes.")) })),
  ]),
});

function only(values: readonly string[] | undefined): string | undefined {
  return values?.length === 1 ? values[0] : undefined;
}
