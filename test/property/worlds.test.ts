/** Generated worlds that hold together. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runScenario } from "../../src/harness/run/run-scenario.js";
import { formatScenario } from "../../src/harness/scenario/write.js";
import { arbitraryWorld } from "../../src/harness/worlds/world.js";
import { bodyOf, good } from "../unit/harness/scenario-helpers.js";

const anyWorld = arbitraryWorld(fc);

describe("a generated world", () => {
  it("is a scenario that a file can hold", () => {
    fc.assert(
      fc.property(anyWorld, (body) => {
        expect(bodyOf(good(formatScenario(body)))).toEqual(body);
      }),
      { numRuns: 50 },
    );
  });

  it("is never refused, and gives the daemon something to connect", () => {
    let connects = 0;
    fc.assert(
      fc.property(anyWorld, (body) => {
        const { trace } = runScenario(good(formatScenario(body)), { once: true, keepTrace: true });
        if (trace.some((line) => line.includes('"connect-end"'))) connects += 1;
      }),
      { numRuns: 20, seed: 1 },
    );
    expect(connects).toBe(20);
  });

  it("satisfies every oracle", () => {
    fc.assert(
      fc.property(anyWorld, (body) => {
        const { failures } = runScenario(good(formatScenario(body)), { once: true });
        // A step without effect is nothing against the core.
        const oracles = failures.filter(({ kind }) => kind === "oracle");
        expect(oracles).toEqual([]);
      }),
      { numRuns: 150, seed: 1 },
    );
  });
});
