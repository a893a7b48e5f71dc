import fc from "fast-check";
import { test } from "vitest";
import { runScenario } from "../../src/harness/run.js";
import { smallWorld } from "./small-world.js";
test("sanity", () => {
  let events = 0, n = 0, conn = 0; const names = new Map<string, number>(); const ex: string[] = [];
  const t = performance.now();
  for (const s of fc.sample(smallWorld, { numRuns: 1500, seed: 7 })) {
    const r = runScenario(s, { once: true, keepTrace: false });
    events += r.events; n++;
    for (const f of r.failures) { names.set(f.name, (names.get(f.name) ?? 0) + 1); if (ex.length < 12 && (names.get(f.name) ?? 0) <= 2) ex.push(JSON.stringify({ f, tl: s.timeline, l: s.world.fabric.discoveryControllers.map(d=>[d.listen[0]?.state,d.entries.map(e=>(e as {id:string}).id)]), v: s.world.fabric.subsystems.map(d=>d.listen[0]?.state), p: s.world.host.processes, k: s.world.host.kernel.version })); }
  }
  console.log(n, events / n, [...names], performance.now() - t, "ms", conn);
  for (const e of ex) console.log(e);
}, 300000);
