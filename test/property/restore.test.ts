/** The same is tested of every scenario that ships: test/scenarios/corpus.ts. */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Core } from "../../src/core/core.js";
import { loadScenarios } from "../../src/harness/load.js";
import { MACHINERY, parseSnapshot, type Machinery } from "../../src/harness/run/machinery.js";
import { whereRestoredDiffers } from "./restored.js";
import { smallWorld } from "./small-world.js";

const BASICS = fileURLToPath(new URL("../../sim/scenarios/basics", import.meta.url));

describe("restoring a core from its snapshot at any event continues the same trace", () => {
  test("in any small world, before every event or every few", () => {
    fc.assert(
      fc.property(smallWorld, fc.integer({ min: 1, max: 5 }), (scenario, every) => {
        expect(whereRestoredDiffers(scenario, every)).toBe("");
      }),
      { numRuns: 25 },
    );
  });

  test("and the check notices a lost request number", () => {
    const forgetful: Machinery = {
      ...MACHINERY,
      restoreCore: (ports, from) => {
        const text = JSON.stringify(from.snapshot());
        return Core.restore(ports, parseSnapshot(text.replace(/"nextRequest":\d+/, '"nextRequest":1000')));
      },
    };
    const [scenario] = loadScenarios([BASICS]).scenarios;
    expect(scenario).toBeDefined();
    if (scenario !== undefined) expect(whereRestoredDiffers(scenario, 1, { machinery: forgetful })).toContain("1000");
  });
});
