import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatScenario } from "../../../src/harness/scenario/write.js";
import { ACTIONS, anyScenario, EXPECTATIONS } from "./scenario-arbitrary.js";
import { bodyOf, EXAMPLES, good } from "./scenario-helpers.js";

describe("a scenario that is written", () => {
  it("is read back as the same scenario", () => {
    fc.assert(
      fc.property(anyScenario, (scenario) => {
        expect(bodyOf(good(formatScenario(scenario)))).toEqual(scenario);
      }),
      { numRuns: 150 },
    );
  });

  it.each(Object.entries(ACTIONS))("keeps every %s", (_, action) => {
    fc.assert(
      fc.property(anyScenario, action, (scenario, one) => {
        const [first, ...rest] = scenario.timeline;
        const timeline = first === undefined ? rest : [first, { ...first, id: "second", action: one }];
        const given = { ...scenario, timeline, expectations: [] };
        expect(bodyOf(good(formatScenario(given))).timeline).toEqual(timeline);
      }),
      { numRuns: 10 },
    );
  });

  it.each(Object.entries(EXPECTATIONS))("keeps every expectation %s", (_, expectation) => {
    fc.assert(
      fc.property(anyScenario, expectation, (scenario, one) => {
        const given = { ...scenario, expectations: [one] };
        expect(bodyOf(good(formatScenario(given))).expectations).toEqual([one]);
      }),
      { numRuns: 10 },
    );
  });

  it.each(EXAMPLES.map((text, index) => [index, text] as const))("keeps the documentation's example %i", (_, text) => {
    const scenario = good(text);
    expect(bodyOf(good(formatScenario(scenario)))).toEqual(bodyOf(scenario));
  });

  it("leaves out what is usual, but says when it ends", () => {
    expect(formatScenario(good("format: 1\ntitle: nothing\n"))).toBe("format: 1\ntitle: nothing\nuntil: 1m\n");
  });

  it("has each short record on a line of its own, and a file as a block", () => {
    const text = formatScenario(good(EXAMPLES[0] ?? ""));
    expect(text).toContain("\n    /etc/stas/stafd.conf: |\n      [Controllers]\n");
    expect(text).toContain("\n    - { id: vol1, nqn: nqn.2023-01.example:vol1, listen: 192.168.1.30:4420 }\n");
  });
});
