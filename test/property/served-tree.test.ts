import fc from "fast-check";
import { Volume } from "memfs";
import { describe, expect, test } from "vitest";
import { Milliseconds } from "../../src/core/domain/units.js";
import type { SysfsRecord, SysfsSummary } from "../../src/core/ports/sysfs.js";
import { NVME_CLASS, SysfsReader } from "../../src/adapters/shared/sysfs-reader.js";
import type { AttributeFs } from "../../src/adapters/shared/sysfs-reader.js";
import { LowestFree } from "../../src/adapters/sim/kernel/numbers.js";
import { KERNEL_VERSIONS } from "../../src/adapters/sim/spec.js";
import type { WorldAction } from "../../src/adapters/sim/actions.js";
import { HOST, Lab, NQN_A, NQN_B, WELL_KNOWN } from "../unit/sim/kernel-lab.js";

/** One thing that happens to the kernel. */
type Operation =
  | { readonly kind: "connect"; readonly text: string }
  | { readonly kind: "delete"; readonly name: string }
  | { readonly kind: "world"; readonly action: WorldAction }
  | { readonly kind: "wait"; readonly ms: number };

const TEXTS = [
  `nqn=${WELL_KNOWN},transport=tcp,traddr=127.0.0.1,trsvcid=8009,${HOST}`,
  `nqn=${WELL_KNOWN},transport=tcp,traddr=10.99.0.2,trsvcid=8009,${HOST},keep_alive_tmo=5,reconnect_delay=1`,
  `nqn=${NQN_A},transport=tcp,traddr=10.99.0.2,trsvcid=4420,${HOST},host_iface=vh,reconnect_delay=1,ctrl_loss_tmo=3`,
  `nqn=${NQN_A},transport=tcp,traddr=127.0.0.1,trsvcid=4420,${HOST}`,
  `nqn=${NQN_B},transport=tcp,traddr=127.0.0.1,trsvcid=4420,${HOST},ctrl_loss_tmo=-1`,
  `nqn=nqn.x:nope,transport=tcp,traddr=127.0.0.1,trsvcid=4420,${HOST}`,
];

const name = fc.integer({ min: 0, max: 4 }).map((number) => `nvme${String(number)}`);

const action: fc.Arbitrary<WorldAction> = fc.oneof(
  fc.record({
    kind: fc.constant("link" as const),
    hostIface: fc.constant("vh"),
    state: fc.constantFrom("up" as const, "down" as const, "silent" as const),
  }),
  fc.record({
    kind: fc.constant("listener" as const),
    id: fc.constantFrom("port1", "far", "a", "b"),
    state: fc.constantFrom("up" as const, "refuses" as const, "silent" as const, "closes" as const),
  }),
  fc.record({ kind: fc.constant("remove-device" as const), target: fc.oneof(name, fc.constant("a")) }),
  fc.record({ kind: fc.constant("reset-device" as const), target: name }),
  fc.record({
    kind: fc.constant("attributes-after" as const),
    delay: fc.constantFrom(0, 50, 5000).map((ms) => Milliseconds(ms)),
  }),
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("connect" as const), text: fc.constantFrom(...TEXTS) }),
  fc.record({ kind: fc.constant("delete" as const), name }),
  fc.record({ kind: fc.constant("world" as const), action }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(0, 1, 10, 25, 100, 1000, 7000) }),
);

function perform(lab: Lab, operation: Operation): void {
  switch (operation.kind) {
    case "connect":
      lab.begin(operation.text);
      break;
    case "delete": {
      const opened = lab.kernel.openHandle(operation.name, "delete");
      if (opened.ok) lab.kernel.deleteThrough("stas", opened.handle, () => undefined);
      break;
    }
    case "world":
      lab.offer(operation.action);
      break;
    case "wait":
      lab.run(operation.ms);
      break;
  }
}

/** The same tree as files in memfs, behind the same two calls. */
function inMemfs(lab: Lab): AttributeFs {
  const files: Record<string, string> = { [`${NVME_CLASS}/.keep`]: "" };
  for (const [device, texts] of lab.kernel.attributes()) {
    for (const [attribute, text] of texts) files[`${NVME_CLASS}/${device}/${attribute}`] = text;
  }
  const volume = Volume.fromJSON(files);
  return {
    readdirSync: (path) => volume.readdirSync(path).map(String),
    readFileSync: (path, encoding) => String(volume.readFileSync(path, encoding)),
  };
}

/** The served tree, read by paths only. */
function pathsOf(lab: Lab): AttributeFs {
  const tree = lab.kernel.sysfs();
  return {
    readdirSync: (path) => tree.readdirSync(path),
    readFileSync: (path, encoding) => tree.readFileSync(path, encoding),
  };
}

function listed(reader: SysfsReader): SysfsSummary[] {
  return [...reader.list()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function records(reader: SysfsReader): (SysfsRecord | undefined)[] {
  return Array.from({ length: 8 }, (_, number) => reader.read(`nvme${String(number)}`));
}

describe("the served tree", () => {
  test("gives the same reads as the same tree in memfs, whatever happened to the kernel", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KERNEL_VERSIONS),
        fc.array(operation, { minLength: 5, maxLength: 25 }),
        (version, operations) => {
          const lab = new Lab({ version });
          for (const operation of operations) {
            perform(lab, operation);
            const served = new SysfsReader(lab.kernel.sysfs());
            const reference = new SysfsReader(inMemfs(lab));
            const byPath = new SysfsReader(pathsOf(lab));
            expect(listed(served)).toEqual(listed(reference));
            expect(listed(byPath)).toEqual(listed(reference));
            expect(records(served)).toEqual(records(reference));
            expect(records(byPath)).toEqual(records(reference));
            expect(
              lab.kernel
                .views()
                .map((view) => view.name)
                .sort(),
            ).toEqual(listed(served).map((summary) => summary.name));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("varies its list order, equally for equal seeds", () => {
    const orders = (seed: number): string[] => {
      const lab = new Lab({ seed });
      for (let i = 0; i < 4; i++) lab.connected(TEXTS[0] ?? "");
      return Array.from({ length: 20 }, () =>
        lab.kernel
          .list()
          .map((summary) => summary.name)
          .join(),
      );
    };
    expect(orders(1)).toEqual(orders(1));
    expect(new Set(orders(1)).size).toBeGreaterThan(5);
  });
});

describe("the kernel under random operations", () => {
  test("never reuses a live number, ends every connect, and repeats exactly", () => {
    fc.assert(
      fc.property(
        fc.array(operation, { minLength: 10, maxLength: 40 }),
        fc.constantFrom(0, 0.3),
        (operations, jitter) => {
          const play = (): { readonly trace: string; readonly lab: Lab } => {
            const lab = new Lab({ kernel: { jitter } });
            for (const operation of operations) {
              perform(lab, operation);
              const names = lab.kernel.views().map((view) => view.name);
              expect(new Set(names).size).toBe(names.length);
            }
            lab.run(300_000);
            const uevents = lab.uevents.map(
              ({ at, message }) => `${String(at)} ${Buffer.from(message).toString("latin1")}`,
            );
            return { trace: [...uevents, JSON.stringify(lab.observed)].join("\n"), lab };
          };
          const { trace, lab } = play();
          expect(play().trace).toBe(trace);
          const begun = lab.observed.filter(({ what }) => what.kind === "connect-begin").length;
          const ended = lab.observed.filter(({ what }) => what.kind === "connect-end").length;
          expect(ended).toBe(begun);
          const added = lab.observed.filter(({ what }) => what.kind === "controller-added").length;
          const removed = lab.observed.filter(({ what }) => what.kind === "controller-removed").length;
          expect(lab.kernel.views().length).toBe(added - removed);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("LowestFree gives the lowest free number, never one in use", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat({ max: 30 }), { freq: 2 }), { minLength: 60, maxLength: 200 }), (steps) => {
        const numbers = new LowestFree(1);
        const taken = new Set<number>();
        for (const step of steps) {
          if (step !== null && taken.has(step)) {
            taken.delete(step);
            numbers.release(step);
          } else if (step !== null && step > 0 && step % 7 === 0) {
            expect(numbers.claim(step)).toBe(true);
            taken.add(step);
          } else {
            let lowest = 1;
            while (taken.has(lowest)) lowest++;
            expect(numbers.take()).toBe(lowest);
            taken.add(lowest);
          }
        }
      }),
    );
  });
});
