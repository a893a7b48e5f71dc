/** The core in a simulated world, without the harness. Run it with `node examples/bare-world.js`. */
import { Core } from "stas/core";
import { parseScenario } from "stas/harness";
import { createWorld, Milliseconds } from "stas/sim";

const FILE = `
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
`;

const parsed = parseScenario("bare-world.js", FILE);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));

/** @type {Core | undefined} */
let core;
const world = createWorld(parsed.scenario.world, {
  boot: (_process, ports) => {
    core = new Core(ports, "both");
    return core;
  },
  observe: (at, seen) => {
    if (seen.kind === "controller-state") console.log(`${String(at)} ms  ${seen.name} is ${seen.to}`);
  },
  crashed: (_process, error) => {
    throw error;
  },
});

world.apply({ kind: "start", process: "both" });
world.runUntil(Milliseconds(20_000));
world.apply({ kind: "remove-device", target: "vol1" });
world.runUntil(Milliseconds(40_000));

for (const { name, peer, state } of world.connections()) console.log(`${name} to ${peer ?? "nobody"} is ${state}`);
for (const { doing, why } of core?.describe() ?? []) console.log(`${doing} (${why})`);
