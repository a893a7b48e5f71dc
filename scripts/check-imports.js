/**
 * `npm run imports`: the house's import rules over src/, and the proof that they are awake: every source file was seen,
 * and in a fixture tree that breaks each rule, each rule names its culprit.
 */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { cruise } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";

const FIXTURE = "test/fixtures/imports";

/** `rule: culprit`, as the fixture tree must be judged: no more and no less. */
const EXPECTED_IN_FIXTURE = [
  "adapters-real-imports: src/adapters/real/imports-sim.ts",
  "adapters-shared-imports: src/adapters/shared/imports-real.ts",
  "adapters-sim-imports: src/adapters/sim/imports-real.ts",
  "core-imports-only-core: src/core/imports-adapter.ts",
  "core-imports-only-core: src/core/imports-node.ts",
  "core-imports-only-core: src/core/imports-package-type.ts",
  "core-room-boot: src/core/boot/imports-later-room.ts",
  "core-room-check: src/core/check/imports-later-room.ts",
  "core-room-codec: src/core/codec/imports-later-room.ts",
  "core-room-config: src/core/config/imports-later-room.ts",
  "core-room-controller: src/core/controller/imports-later-room.ts",
  "core-room-devices: src/core/devices/imports-later-room.ts",
  "core-room-dnssd: src/core/dnssd/imports-later-room.ts",
  "core-room-domain: src/core/domain/imports-later-room.ts",
  "core-room-handlers: src/core/handlers/imports-root.ts",
  "core-room-kernel: src/core/kernel/imports-later-room.ts",
  "core-room-mdns: src/core/mdns/imports-later-room.ts",
  "core-room-names: src/core/names/imports-later-room.ts",
  "core-room-ports: src/core/ports/imports-later-room.ts",
  "core-room-record: src/core/record/imports-later-room.ts",
  "core-room-stac: src/core/stac/imports-later-room.ts",
  "core-room-staf: src/core/staf/imports-later-room.ts",
  "core-room-state: src/core/state/imports-later-room.ts",
  "core-rooms-are-known: src/core/attic/unknown-room.ts",
  "harness-imports: src/harness/imports-bin.ts",
  "no-cycles: src/harness/cycle-a.ts",
  "no-dev-dependency-in-src: src/harness/imports-dev-dependency.ts",
  "no-unresolvable: src/harness/imports-nothing.ts",
  "src-imports-only-src: src/bin/imports-test.ts",
];

/** @type {import("dependency-cruiser").IConfiguration} */
const config = createRequire(import.meta.url)("../.dependency-cruiser.cjs");

/**
 * @param {string} baseDir
 * @returns {Promise<import("dependency-cruiser").ICruiseResult>}
 */
async function judge(baseDir) {
  const { options, ...ruleSet } = config;
  const { output } = await cruise(["src"], { ...options, baseDir, validate: true, ruleSet }, undefined, {
    tsConfig: extractTSConfig("tsconfig.json"),
  });
  if (typeof output === "string") throw new Error("dependency-cruiser answered with text instead of a result");
  return output;
}

/** @param {import("dependency-cruiser").ICruiseResult} result @returns {string[]} */
function culprits(result) {
  const lines = result.summary.violations.map((violation) => `${violation.rule.name}: ${violation.from}`);
  return [...new Set(lines)].sort();
}

/** Problems of the real tree. @returns {Promise<string[]>} */
async function checkTree() {
  const result = await judge(process.cwd());
  const seen = new Set(result.modules.map((module) => module.source));
  const files = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((file) => /\.c?ts$/.test(file))
    .map((file) => join("src", file));
  const edges = result.modules.reduce((sum, module) => sum + module.dependencies.length, 0);
  console.log(`${String(files.length)} source files, ${String(edges)} imports judged`);
  const problems = files.filter((file) => !seen.has(file)).map((file) => `${file} was not seen by dependency-cruiser`);
  if (files.length === 0 || edges === 0) problems.push("dependency-cruiser saw no modules or no imports");
  for (const { rule, from, to, cycle } of result.summary.violations) {
    const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(" -> ");
    problems.push(`${rule.name}: ${from} -> ${path}`);
  }
  return problems;
}

/** Rules that sleep, and rules that bite the innocent. @returns {Promise<string[]>} */
async function checkRules() {
  const found = culprits(await judge(join(process.cwd(), FIXTURE)));
  const missed = EXPECTED_IN_FIXTURE.filter((line) => !found.includes(line));
  const extra = found.filter((line) => !EXPECTED_IN_FIXTURE.includes(line));
  return [
    ...missed.map((line) => `${FIXTURE}: not reported, so the rule does not bite: ${line}`),
    ...extra.map((line) => `${FIXTURE}: reported and should not be: ${line}`),
  ];
}

const problems = [...(await checkTree()), ...(await checkRules())];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
