/**
 * Types and lint in one process: `node scripts/types-and-lint.js [--all] [types] [lint]`. Prints a line for each.
 * Types are judged everywhere, from what the last run knew; lint takes what differs from the last commit, or all.
 */
import { parseArgs } from "node:util";
import { allFiles, changedFiles, CODE } from "./files.js";
import { lint } from "./lint.js";
import { stopwatch, summarise } from "./summary.js";
import { formatDiagnostics, loadPrograms } from "./types.js";

const root = process.cwd();
const { values, positionals } = parseArgs({ options: { all: { type: "boolean" } }, allowPositionals: true });
const files = values.all === true ? allFiles(root) : changedFiles(root);

/** @param {string} name @param {string} problems @param {number} seconds */
function report(name, problems, seconds) {
  summarise(name, { ok: problems === "", output: problems }, seconds);
  if (problems !== "") process.exitCode = 1;
}

const loading = stopwatch();
const programs = loadPrograms(root);
if (positionals.includes("types")) report("types", formatDiagnostics(programs.check(), root), loading());
if (positionals.includes("lint")) {
  const linting = stopwatch();
  const code = files.filter((file) => CODE.test(file));
  report("lint", await lint(root, code, programs), linting());
}
