/** The checks of `npm run check` and `npm test`. Each prints its line, and answers whether it is satisfied. */
import { run, stopwatch, summarise } from "./summary.js";

/** @param {string} name @param {string} command @param {readonly string[]} args */
export async function stage(name, command, args) {
  const seconds = stopwatch();
  const outcome = await run(command, args);
  summarise(name, outcome, seconds());
  return outcome.ok;
}

/** @param {string} script */
export const npmScript = (script) => stage(script, "npm", ["run", "--silent", script]);

/**
 * A process that prints its own lines.
 *
 * @param {"all" | "changed"} scope
 * @param {readonly string[]} names
 */
export async function typesAndLint(scope, names) {
  const args = ["scripts/types-and-lint.js", ...(scope === "all" ? ["--all"] : []), ...names];
  const { ok, output } = await run(process.execPath, args, "shown");
  if (!ok && output !== "") console.log(output);
  return ok;
}

/** @param {readonly string[]} files */
export function format(files) {
  const cache = ["--cache", "--cache-strategy", "content", "--cache-location", "node_modules/.cache/stas/prettier"];
  const how = ["--check", "--ignore-unknown", "--log-level", "warn"];
  return stage("format", process.execPath, ["node_modules/prettier/bin/prettier.cjs", ...how, ...cache, ...files]);
}
