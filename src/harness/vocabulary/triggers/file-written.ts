import { as } from "../members.js";
import { path } from "../parts/addresses.js";
import { record } from "../record.js";
import { nth, trigger } from "./happening.js";

export const fileWritten = trigger({
  key: "file-written",
  describe: "This file is written.",
  example: "{ file-written: /run/stafd/state.json }",
  says: record({ "file-written": as("path", path), nth }),
  awaits: () => "observed",
  meets: ({ path: written }, { seen }) => seen.kind === "file-written" && seen.path === written,
});
