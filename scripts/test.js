/**
 * `npm test`: the checks, one summary line each and the output of those that fail; the tests run beside them, and their
 * output follows. The last line is vitest's own count, `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { format, npmScript, typesAndLint } from "./stages.js";

/**
 * Starts the tests. What they print is held back until `show`.
 *
 * @returns {{ passed: Promise<boolean>, show: () => void }}
 */
function startTests() {
  const color = process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};
  const child = spawn("npm", ["run", "--silent", "vitest"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...color },
  });
  /** @type {Buffer[]} */
  const held = [];
  let shown = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (/** @type {Buffer} */ chunk) => {
      if (shown) process.stdout.write(chunk);
      else held.push(chunk);
    });
  }
  /** @type {Promise<boolean>} */
  const passed = new Promise((resolve) => {
    child.on("error", (error) => {
      held.push(Buffer.from(`npm does not start: ${error.message}\n`));
      resolve(false);
    });
    child.on("close", (status) => {
      resolve(status === 0);
    });
  });
  const show = () => {
    shown = true;
    for (const chunk of held.splice(0)) process.stdout.write(chunk);
  };
  return { passed, show };
}

/** Runs all, and answers whether all is well. */
async function main() {
  const typed = typesAndLint("all", ["types", "lint"]);
  const built = await npmScript("build");
  const tests = built ? startTests() : undefined;
  const results = [built, await typed, await format(["."]), await npmScript("imports")];
  if (tests === undefined) {
    console.log("the tests need the build; not run");
    return false;
  }
  const checked = results.every(Boolean);
  if (!checked) console.log("npm test fails because of the checks above");
  tests.show();
  return (await tests.passed) && checked;
}

process.exitCode = (await main()) ? 0 : 1;
