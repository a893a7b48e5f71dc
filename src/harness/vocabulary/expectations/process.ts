import { lookOnce } from "../../observers/moment.js";
import { failed, formatTime, MET } from "../../observers/observer.js";
import { optional, spread } from "../members.js";
import { checked, mapped } from "../part.js";
import { flag, integer } from "../parts/scalars.js";
import { service } from "../parts/states.js";
import { time } from "../parts/times.js";
import { record } from "../record.js";
import { expectation } from "./expectation.js";

const spelt = checked(
  record({
    name: service,
    running: optional(flag, "true if absent, unless a status is expected."),
    status: optional(integer(0, 255), "Exit status of its last run."),
  }),
  ({ running, status }, complain) => {
    if (running === true && status !== undefined) {
      complain(["status"], "status only of a process that is not running", "key");
    }
  },
);

const about = mapped(spelt, {
  read: (given) => ({ ...given, running: given.running ?? given.status === undefined }),
  write: (value) => value,
});

export const process = expectation({
  key: "process",
  describe: "A service runs, or does not run and ended with this status.",
  example: "{ at: 50s, process: { name: stac, status: 0 } }",
  says: record({ at: time, process: spread(about) }),
  observe: ({ at, name, running, status }, view, report) => {
    const ending = status === undefined ? "" : ` after exit status ${String(status)}`;
    const expected = `${name} ${running ? "runs" : "does not run"} at ${formatTime(at)}${ending}`;
    return lookOnce(at, expected, report, () => {
      const found = view.serviceState(name);
      if (found.running !== running) return failed(found.running ? "it runs" : "it does not run");
      if (status === undefined || found.status === status) return MET;
      return failed(found.status === undefined ? "it did not exit by itself" : `exit status ${String(found.status)}`);
    });
  },
});
