/**
 * `npm test`: the checks, two at a time, one summary line each and the output of those that fail; then the tests.
 * The last line is vitest's own count, `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";

const AT_ONCE = 2;

/**
 * @typedef {{ name: string, script: string }} Stage A name for the summary, and the npm script that it runs.
 * @typedef {{ status: number, output: string, seconds: string }} Outcome
 */

/** The longest first, so that two lanes end together. @type {readonly Stage[]} */
const CHECKS = [
  { name: "lint", script: "lint" },
  { name: "build", script: "build" },
  { name: "typecheck", script: "typecheck" },
  { name: "format", script: "format:check" },
  { name: "imports", script: "imports" },
];

/**
 * @param {string} script
 * @param {"quiet" | "shown"} mode `shown` passes the output through.
 * @returns {Promise<Outcome>}
 */
function runScript(script, mode) {
  const started = performance.now();
  return new Promise((resolve) => {
    const shown = mode === "shown";
    const child = spawn("npm", ["run", "--silent", script], {
      stdio: ["ignore", shown ? "inherit" : "pipe", shown ? "inherit" : "pipe"],
    });
    /** @type {Buffer[]} */
    const chunks = [];
    child.stdout?.on("data", (chunk) => chunks.push(chunk));
    child.stderr?.on("data", (chunk) => chunks.push(chunk));
    /** @param {number} status @param {string} more */
    const end = (status, more) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      resolve({ status, output: Buffer.concat(chunks).toString("utf8") + more, seconds });
    };
    child.on("error", (error) => end(1, `npm does not start: ${error.message}\n`));
    child.on("close", (status, signal) => end(status ?? 1, signal === null ? "" : `ended by ${signal}\n`));
  });
}

/** @param {string} name @param {Outcome} outcome */
function summarise(name, outcome) {
  const verdict = outcome.status === 0 ? "ok    " : "FAILED";
  console.log(`${verdict} ${name.padEnd(10)} ${outcome.seconds} s`);
  if (outcome.status !== 0 && outcome.output !== "") console.log(outcome.output.trimEnd());
}

/** Runs the checks and says which failed. @returns {Promise<string[]>} */
async function runChecks() {
  const waiting = [...CHECKS];
  /** @type {string[]} */
  const failed = [];
  const lane = async () => {
    for (let stage = waiting.shift(); stage !== undefined; stage = waiting.shift()) {
      const outcome = await runScript(stage.script, "quiet");
      summarise(stage.name, outcome);
      if (outcome.status !== 0) failed.push(stage.name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return failed;
}

const failed = await runChecks();
if (failed.includes("build")) {
  console.log("the tests need the build; not run");
  process.exitCode = 1;
} else {
  if (failed.length > 0) console.log(`npm test fails because of: ${failed.join(", ")}`);
  const tests = await runScript("vitest", "shown");
  process.exitCode = tests.status === 0 && failed.length === 0 ? 0 : 1;
}
