/** The state of a core never contradicts itself, whatever happens in its world. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runScenario } from "../../src/harness/run/run-scenario.js";
import { CHECKED } from "../unit/core/states.js";
import { smallWorld } from "./small-world.js";

test("in any small world, after every event", () => {
  fc.assert(
    fc.property(smallWorld, (scenario) => {
      const { failures } = runScenario(scenario, { once: true, machinery: CHECKED });
      expect(failures.filter(({ name }) => name === "no-crash")).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
