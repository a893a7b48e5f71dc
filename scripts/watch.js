/**
 * `npm run watch [-- PATH ...]`: builds src/ and runs the tests that a change concerns, until vitest is left with q. The
 * mutants are left out: they take long, and almost every change concerns them.
 */
import { spawn } from "node:child_process";

const typescript = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--noCheck", "false"];
const build = spawn(process.execPath, [...typescript, "--watch", "--preserveWatchOutput"], {
  stdio: ["ignore", "inherit", "inherit"],
});
const tests = spawn(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "--watch", "--exclude", "test/mutants/**", ...process.argv.slice(2)],
  { stdio: "inherit" },
);

process.on("SIGTERM", () => {
  tests.kill();
});
tests.on("close", (status) => {
  build.kill();
  process.exitCode = status ?? 1;
});
build.on("close", () => {
  tests.kill();
});
