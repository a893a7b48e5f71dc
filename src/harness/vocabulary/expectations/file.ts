import { lookOnce } from "../../observers/moment.js";
import { failed, formatTime, MET } from "../../observers/observer.js";
import { optional, spread, usual } from "../members.js";
import { checked } from "../part.js";
import { path } from "../parts/addresses.js";
import { flag, line } from "../parts/scalars.js";
import { time } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";

const about = checked(
  record({
    path,
    exists: usual(flag, true),
    contains: optional(line("text"), "Text that the file holds."),
  }),
  ({ exists, contains }, complain) => {
    if (contains !== undefined && !exists) complain(["contains"], "contains only for a file that exists", "key");
  },
);

export const file = expectation({
  key: "file",
  describe: "Whether a file exists, and what it holds.",
  example: "{ at: 50s, file: { path: /run/stafd/state.json, contains: dc1 } }",
  says: record({ at: time, file: spread(about) }),
  observe: ({ at, path: name, exists, contains }, view, report) => {
    const holding = contains === undefined ? "" : ` holding "${contains}"`;
    const expected = `${exists ? "a" : "no"} file ${name}${holding} at ${formatTime(at)}`;
    return lookOnce(at, expected, report, () => {
      const text = view.readFile(name);
      if (!exists) return text === undefined ? MET : failed("the file exists");
      if (text === undefined) return failed("the file does not exist");
      if (contains === undefined || text.includes(contains)) return MET;
      return failed(`the file does not contain it (${String(text.length)} characters)`);
    });
  },
});
