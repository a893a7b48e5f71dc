/** A property: a claim about a small world, tried with generated faults. Run it with `node examples/property.js`. */
import fc from "fast-check";
import { arbitraryStepOf, castFrom } from "stas/generators";
import { formatScenario, isDaemon, failed, parseScenario, runScenario } from "stas/harness";

const WORLD = `
format: 1
title: One array with one volume
host:
  files:
    /etc/stas/stafd.conf: |
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009
fabric:
  discovery-controllers: [{ id: dc1, listen: 192.168.1.20:8009, entries: [vol1] }]
  subsystems: [{ id: vol1, nqn: nqn.2024-01.io.example:vol1, listen: 192.168.1.30:4420 }]
until: 10m
`;

/** The claim. It is wrong: the daemon does disconnect a volume that its array no longer lists. @type {import("stas/harness").Oracle} */
const neverDisconnected = {
  name: "vol1-is-never-disconnected",
  observe: (view, report) => ({
    observed: (seen) => {
      if (seen.kind === "delete-begin" && isDaemon(seen.by) && view.controllers.get(seen.uid)?.peer === "vol1")
        report("no daemon disconnects vol1", failed(`${seen.by} deleted ${seen.name}`));
    },
  }),
};

const parsed = parseScenario("property.js", WORLD);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const { scenario } = parsed;

const faults = fc.array(
  arbitraryStepOf(fc, castFrom(scenario), ["link", "listener", "remove-device", "unlist", "aen"]),
);
const property = fc.property(faults, (timeline) => {
  const run = runScenario({ ...scenario, timeline }, { once: true, oracles: [neverDisconnected] });
  return run.failures.every(({ name }) => name !== neverDisconnected.name);
});

const { failed: isRefuted, counterexample } = fc.check(property, { seed: 1, numRuns: 200 });
console.log(
  isRefuted ? "The claim is wrong. The smallest scenario that refutes it:\n" : "No scenario refutes the claim.",
);
if (counterexample !== null) console.log(formatScenario({ ...scenario, timeline: counterexample[0] }));
