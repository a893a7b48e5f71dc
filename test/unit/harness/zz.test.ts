import { test } from "vitest";
import { parseScenario } from "../../../src/harness/scenario/parse.js";
import { EXAMPLES } from "./scenario-helpers.js";
test("perf", () => {
  for (let r = 0; r < 5; r++) { const t = performance.now(); for (let i = 0; i < 20; i++) parseScenario("x", EXAMPLES[1]!); console.log("full", (performance.now() - t) / 20); }
  const t0 = performance.now(); for (let i = 0; i < 20; i++) parseScenario("x", EXAMPLES[0]!); console.log("short", (performance.now() - t0) / 20);
  let s = "format: 1\ntitle: t\nfabric:\n  subsystems:\n"; for (let i = 0; i < 10000; i++) s += `    - { id: v${i}, nqn: nqn.2023-01.example:v${i}, listen: 10.0.0.1:4420 }\n`;
  s += "  discovery-controllers:\n    - id: dc1\n      listen: 10.0.0.2:8009\n      entries: [" + Array.from({ length: 10000 }, (_, i) => `v${i}`).join(", ") + "]\n";
  s += "timeline:\n" + Array.from({ length: 5000 }, (_, i) => `  - { id: s${i}, ${i === 0 ? "at: 1s" : `when: { step: s${i - 1} }, after: 1ms`}, remove-device: v${i} }\n`).join("");
  let t = performance.now(); const r = parseScenario("x", s); console.log("10k", r.ok, s.length, performance.now() - t);
  t = performance.now(); parseScenario("x", "a: x\nb: [" + "*a, ".repeat(1000000) + "]"); console.log("aliases", performance.now() - t);
  t = performance.now(); parseScenario("x", "? ".repeat(100000)); console.log("?", performance.now() - t);
  t = performance.now(); parseScenario("x", Array.from({ length: 300000 }, (_, i) => `k${i}: 1\n`).join("")); console.log("keys", performance.now() - t);
}, 200000);
