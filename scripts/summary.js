/** One line per check, and the output of those that fail. */
import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";

/** @typedef {{ ok: boolean, output: string }} Outcome */

/** @returns {() => number} The seconds since. */
export function stopwatch() {
  const started = performance.now();
  return () => (performance.now() - started) / 1000;
}

/** @param {string} name @param {Outcome} outcome @param {number} seconds */
export function summarise(name, { ok, output }, seconds) {
  console.log(`${ok ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds.toFixed(1)} s`);
  if (!ok && output.trim() !== "") console.log(output.trimEnd());
}

/**
 * Runs a command.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {"taken" | "shown"} mode Whether its output is in the outcome, or passes through.
 * @returns {Promise<Outcome>}
 */
export function run(command, args, mode = "taken") {
  return new Promise((resolve) => {
    const stdio = mode === "taken" ? "pipe" : "inherit";
    const child = spawn(command, args, { stdio: ["ignore", stdio, stdio] });
    /** @type {Buffer[]} */
    const chunks = [];
    child.stdout?.on("data", (chunk) => chunks.push(chunk));
    child.stderr?.on("data", (chunk) => chunks.push(chunk));
    const output = () => Buffer.concat(chunks).toString("utf8");
    child.on("error", (error) => {
      resolve({ ok: false, output: `${command} does not start: ${error.message}\n` });
    });
    child.on("close", (status, signal) => {
      resolve({ ok: status === 0, output: output() + (signal === null ? "" : `ended by ${signal}\n`) });
    });
  });
}
