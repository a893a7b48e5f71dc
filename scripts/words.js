/** `npm run words [-- PATH ...]`: phrases in code, docs and scenarios that read as if translated, one a line. */
import { readFileSync } from "node:fs";
import { allFiles } from "./files.js";
import { findStilted } from "./stilted-phrases.js";

const PLACES = /^(README\.md|(src|docs|test|bench|scripts|sim\/scenarios)\/.*\.(c?ts|js|md|yaml))$/;

/** Texts of others, and those that are about the phrases. */
const NOT_OURS =
  /^(test\/fixtures\/|docs\/(style\.md$|kernel-logs\/)|scripts\/stilted-phrases\.js$|test\/unit\/scripts\/stilted-phrases\.test\.ts$)/;

const asked = process.argv.slice(2);
const files = allFiles(process.cwd())
  .filter((file) => PLACES.test(file) && !NOT_OURS.test(file))
  .filter(
    (file) =>
      asked.length === 0 || asked.some((path) => file === path || file.startsWith(`${path.replace(/\/$/, "")}/`)),
  );

let count = 0;
for (const file of files) {
  for (const { line, column, found, instead } of findStilted(readFileSync(file, "utf8"))) {
    count += 1;
    console.log(`${file}:${String(line)}:${String(column)}: "${found}"; plain: ${instead}`);
  }
}
console.log(`${String(count)} stilted phrases in ${String(files.length)} files`);
process.exitCode = count === 0 ? 0 : 1;
