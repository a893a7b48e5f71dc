import { readFileSync } from "node:fs";
import { test } from "vitest";
import { parseScenario } from "../../../src/harness/scenario/parse.js";
import { formatScenario } from "../../../src/harness/scenario/write.js";
import { jsonSchemaText } from "../../../src/harness/scenario/schema/schema.js";
test("x", () => {
  const r = parseScenario("full.yaml", readFileSync("/tmp/full.yaml", "utf8"));
  console.log(JSON.stringify(r, null, 1).slice(0, 1500));
  if (r.ok) console.log(formatScenario(r.scenario));
  console.log(jsonSchemaText().length);
  const bad = ["", "a: [", "format: 2\ntitle: 3\nfoo: 1\n", "format: 1\ntitle: x\ntimeline:\n  - {at: 5, strat: staf}\n  - {at: 5s, link: {interface: eth9, state: up}}\nexpect:\n  - {at: 3s, conected: [a]}\n  - {count: {connects: a, x: 1}, is: 1}\n",
   "format: 1\ntitle: x\nfabric: {subsystems: [{id: a, nqn: nqn.x, listen: 1.2.3.4}]}\ntimeline:\n  - {at: 5s, strat: staf}\n  - {when: {foo: 1}, start: staf}\nexpect:\n  - {at: 3s, conected: [a]}\n  - {count: {connects: a, x: 1}, is: 1}\n",
   "format: 1\ntitle: x\ntitle: y\n? [a]\n: b\n", "a: &a [*a]\n", "x: !foo 1", "[".repeat(200000), "- ".repeat(100000), "%YAML 1.1\n---\nformat: 1\ntitle: 2001-12-14\n"];
  for (const b of bad) { const r = parseScenario("f", b); console.log(b.slice(0,300)); console.log(r.ok ? "OK" : r.problems.map(p => `${p.line}:${p.column} ${p.path}: expected ${p.expected}; found ${p.found}`).join("\n")); }
});
