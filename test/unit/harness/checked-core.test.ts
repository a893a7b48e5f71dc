/** Simulated cores check their state, at a bounded cost, and a contradiction is a crash. */
import { expect, test } from "vitest";
import { AssertionError } from "../../../src/core/domain/assertion.js";
import { CheckedCore } from "../../../src/harness/run/checked-core.js";
import { MACHINERY, type Machinery } from "../../../src/harness/run/machinery.js";
import { named, run, smallWorld } from "./scripted.js";

function machineryOf(check: (core: CheckedCore) => void): Machinery {
  class Watched extends CheckedCore {
    override check(): void {
      check(this);
      super.check();
    }
  }
  return { ...MACHINERY, createCore: (ports, services) => new Watched(ports, services) };
}

test("the first event is checked, and then as often as two things an event pay for", () => {
  const sizes: number[] = [];
  const { events } = run(
    smallWorld(),
    machineryOf(({ checkSize }) => sizes.push(checkSize)),
  );
  const [first = 0, ...others] = sizes;
  expect(first).toBeGreaterThan(0);
  expect(others.length).toBeGreaterThan(5);
  expect(others.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2 * events);
});

test("a state that contradicts itself is a crash of its process", () => {
  let checks = 0;
  const machinery = machineryOf(() => {
    checks += 1;
    if (checks === 3) throw new AssertionError("a controller stands in no line");
  });
  const [crash] = named(run(smallWorld(), machinery), "no-crash");
  expect(crash?.observed).toContain("stas threw: AssertionError: a controller stands in no line");
});

test("the machinery of scenarios is checked, also where a core is restored", () => {
  const made: unknown[] = [];
  const machinery: Machinery = {
    ...MACHINERY,
    createCore: (ports, services) => {
      const core = MACHINERY.createCore(ports, services);
      made.push(core);
      return core;
    },
    restoreCore: (ports, from) => {
      const core = MACHINERY.restoreCore(ports, from);
      made.push(core);
      return core;
    },
  };
  run(smallWorld(), machinery, { restoreEvery: 10 });
  expect(made.length).toBeGreaterThan(2);
  expect(made.every((core) => core instanceof CheckedCore)).toBe(true);
});
