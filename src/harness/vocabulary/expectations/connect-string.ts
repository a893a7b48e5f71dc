import { formatRef, viaInterface } from "../../controllers.js";
import { connectOptions, isDaemon } from "../../observers/connections.js";
import { failed, type Finding, formatTime, MET } from "../../observers/observer.js";
import { spellRange } from "../../scenario/duration.js";
import { oneOrMore } from "../list.js";
import { spread, usual } from "../members.js";
import { controller } from "../parts/ids.js";
import { text } from "../parts/scalars.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";
import { window } from "./window.js";

const option = text("an option: its name, or its name and value (host_iface=eth0)", {
  pattern: /^[a-z_]+(=[^,]*)?$/,
  arbitrary: (fc) => fc.stringMatching(/^[a-z_]{1,12}(=[a-z0-9.:]{0,9})?$/),
});

const options = oneOrMore(option, "an option, or a list of options", "a list of options");

const about = record({
  to: controller,
  has: usual(options, [], "Each of them is in it."),
  lacks: usual(options, [], "None of them is in it."),
});

export const connectString = expectation({
  key: "connect-string",
  describe:
    "What every connect string holds that a daemon writes for this peer. An option without a value stands for any " +
    "value. At least one connect string must be written.",
  example: "{ connect-string: { to: vol1, has: host_iface=eth0, lacks: [host_traddr, tos] }, from: 30s }",
  says: record({ "connect-string": spread(about), window }),
  observe: ({ to, has, lacks, window: range }, _view, report) => {
    let written = 0;
    let finding: Finding = MET;
    return {
      observed: (seen, at) => {
        if (seen.kind !== "connect-begin" || !isDaemon(seen.by) || seen.peer !== to.id) return;
        if (!viaInterface(to, seen.options) || at < range.from || at > range.to) return;
        written += 1;
        const given = connectOptions(seen.options);
        const wrong = [
          ...has.filter((one) => !holds(given, one)).map((one) => `no ${one}`),
          ...lacks.filter((one) => holds(given, one)),
        ];
        if (wrong.length > 0 && finding.kind === "met") {
          finding = failed(`${wrong.join(", ")} at ${formatTime(at)}: ${seen.options}`);
        }
      },
      finish: () => {
        const parts = [...has, ...lacks.map((one) => `no ${one}`)];
        const expected = `each connect string for ${formatRef(to)} in ${spellRange(range)} has ${parts.join(", ")}`;
        report(expected, written === 0 ? failed("no daemon wrote one") : finding);
      },
    };
  },
});

function holds(given: ReadonlyMap<string, string | true>, option: string): boolean {
  const [key = "", ...value] = option.split("=");
  return given.has(key) && (value.length === 0 || given.get(key) === value.join("="));
}
