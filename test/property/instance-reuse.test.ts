/** Instance numbers are reused between a decision and its effect. At no timing does a delete hit another controller. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { WorldObservation } from "../../src/adapters/sim/observation.js";
import type { WorldAction } from "../../src/adapters/sim/actions.js";
import { createWorld } from "../../src/adapters/sim/world.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import { CheckedCore } from "../../src/harness/run/checked-core.js";
import { parseScenario } from "../../src/harness/scenario/parse.js";

const EXCLUDED = "vol1";
const EXCLUDING = "[Controllers]\nexclude = transport=tcp;traddr=192.168.1.30\n";

function worldSpec(seed: number) {
  const volume = (id: string, host: number) =>
    `    - { id: ${id}, nqn: "nqn.2024-01.io.example:${id}", listen: "192.168.1.${String(host)}:4420" }\n`;
  const parsed = parseScenario(
    "instance-reuse",
    `format: 1
title: instance reuse
seed: ${String(seed)}
host:
  kernel: { version: "6.12", jitter: 0.9 }
  files:
    /etc/stas/stafd.conf: "[Controllers]\\ncontroller = transport=tcp;traddr=192.168.1.20;trsvcid=8009\\n"
fabric:
  discovery-controllers: [{ id: dc1, listen: "192.168.1.20:8009", entries: [${EXCLUDED}, vol2] }]
  subsystems:
${volume(EXCLUDED, 30)}${volume("vol2", 31)}${volume("foreign", 40)}timeline: []
expect: [{ at: 1s, disconnected: [foreign] }]
`,
  );
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => problem.expected).join("; "));
  return parsed.scenario.world;
}

/** What an administrator does around the time at which the daemon decides to disconnect `vol1`. */
const intrusion = fc.oneof(
  fc.constantFrom(EXCLUDED, "vol2", "dc1", "foreign").map((target): WorldAction => ({ kind: "remove-device", target })),
  fc.constantFrom("foreign", "vol2").map((to): WorldAction => ({ kind: "add-device", to, madeBy: "administrator" })),
  fc.constantFrom(EXCLUDED, "vol2").map((target): WorldAction => ({ kind: "reset-device", target })),
  fc.integer({ min: 1, max: 6 }).map((count): WorldAction => ({ kind: "uevents", fault: { kind: "lose", count } })),
);

/** Another controller gets the number of `vol1` shortly before the decision, and the uevents that say so are lost. */
const handover = fc
  .record({
    lost: fc.integer({ min: 0, max: 24 }),
    removed: fc.integer({ min: -400, max: -30 }),
    pause: fc.integer({ min: 0, max: 200 }),
    to: fc.constantFrom("foreign", "vol2"),
  })
  .map(({ lost, removed, pause, to }): readonly (readonly [number, WorldAction])[] => {
    const added: WorldAction = { kind: "add-device", to, madeBy: "administrator" };
    const lose: WorldAction = { kind: "uevents", fault: { kind: "lose", count: lost } };
    const taken: readonly (readonly [number, WorldAction])[] = [
      [removed, { kind: "remove-device", target: EXCLUDED }],
      [removed + 30 + pause, added],
    ];
    return lost === 0 ? taken : [[removed, lose], ...taken];
  });

const arbitrary = fc.array(fc.tuple(fc.integer({ min: -60, max: 120 }), intrusion), { maxLength: 6 });

const intrusions = fc.tuple(handover, arbitrary).map(([first, others]) => [...first, ...others]);

/** Runs the world and returns the peers whose controllers the daemon started to delete. */
function deletedByDaemon(
  seed: number,
  around: readonly (readonly [number, WorldAction])[],
): readonly (string | undefined)[] {
  const peers = new Map<number, string | undefined>();
  const deleted: (string | undefined)[] = [];
  const observe = (seen: WorldObservation): void => {
    if (seen.kind === "controller-added") peers.set(seen.controller.uid, seen.controller.peer);
    if (seen.kind === "delete-begin" && seen.by === "stas") deleted.push(peers.get(seen.uid));
  };
  const world = createWorld(worldSpec(seed), {
    boot: (_process, ports) => new CheckedCore(ports, "both"),
    observe: (_at, seen) => {
      observe(seen);
    },
    crashed: (_process, error) => {
      throw error;
    },
  });
  const decided = 30_000;
  for (const [offset, action] of around) {
    world.schedule(Milliseconds(decided + offset), () => {
      world.apply(action);
    });
  }
  world.schedule(Milliseconds(decided), () => {
    world.apply({ kind: "write-file", path: "/etc/stas/stacd.conf", text: EXCLUDING });
    world.apply({ kind: "reload", process: "both" });
  });
  world.apply({ kind: "start", process: "both" });
  world.runUntil(Milliseconds(180_000));
  expect(world.connections().filter((connection) => connection.peer === EXCLUDED)).toEqual([]);
  return deleted;
}

test("a delete never hits another controller than the one that was decided on", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), intrusions, (seed, around) => {
      for (const peer of deletedByDaemon(seed, around)) expect(peer).toBe(EXCLUDED);
    }),
    { numRuns: 60 },
  );
});
