/** The guest's program: runs the requested checks in order. */
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { loadChecks } from "../checks/index.js";
import type { Job } from "../protocol.js";
import { note, send } from "./channel.js";
import { runCheck } from "./runner.js";

// The host wrote the file with this same code. A parser library would cost a second here.
const { checks, files, settings } = JSON.parse(readFileSync("/job/job.json", "utf8")) as Job;
const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
send({ kind: "up", release: release(), seconds: uptime });

const known = await loadChecks(files);
for (const name of checks) {
  const listed = known.find(({ check }) => check.name === name);
  if (listed === undefined) {
    note(`no check is named ${name}`);
    continue;
  }
  // Leftovers of one check could make the next one fail.
  if (!(await runCheck(listed.check, settings))) process.exit(1);
}
send({ kind: "end" });
process.exit(0);
