/**
 * `npm run check`: types, lint and format of what differs from the last commit, in seconds; `-- --all` takes all files.
 * `npm run check -- types lint` names the checks to run.
 */
import { parseArgs } from "node:util";
import { changedFiles } from "./files.js";
import { format, typesAndLint } from "./stages.js";

const NAMES = ["types", "lint", "format"];

/** @param {readonly string[]} names @param {"all" | "changed"} scope */
async function check(names, scope) {
  const files = scope === "all" ? ["."] : changedFiles(process.cwd());
  const typed = names.filter((name) => name !== "format");
  const outcomes = await Promise.all([
    typed.length === 0 || typesAndLint(scope, typed),
    !names.includes("format") || files.length === 0 || format(files),
  ]);
  const skipped = NAMES.filter((name) => !names.includes(name));
  if (scope === "changed")
    skipped.push(`lint and format of files that are not among the ${String(files.length)} changed`);
  console.log(`skipped: ${[...skipped, "imports", "tests"].join(", ")}`);
  return outcomes.every(Boolean);
}

const { values, positionals } = parseArgs({ options: { all: { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`no such check: ${unknown.join(", ")}; there are ${NAMES.join(", ")}`);
  process.exitCode = 64;
} else {
  const ok = await check(positionals.length === 0 ? NAMES : positionals, values.all === true ? "all" : "changed");
  process.exitCode = ok ? 0 : 1;
}
