import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatScenario } from "../../../src/harness/scenario/write.js";
import { arbitraryScenario, CAST } from "../../../src/harness/vocabulary/generate.js";
import { EXPECTATIONS } from "../../../src/harness/vocabulary/expectations/index.js";
import { closeWindow } from "../../../src/harness/vocabulary/expectations/window.js";
import { STEPS } from "../../../src/harness/vocabulary/steps/index.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { bodyOf, EXAMPLES, good } from "./scenario-helpers.js";

const anyScenario = arbitraryScenario(fc);

describe("a written scenario", () => {
  it("is read back as the same scenario", () => {
    fc.assert(
      fc.property(anyScenario, (scenario) => {
        expect(bodyOf(good(formatScenario(scenario)))).toEqual(scenario);
      }),
      { numRuns: 150 },
    );
  });

  it.each(STEPS.map((word) => [word.key, word] as const))("keeps every step %s", (_, word) => {
    fc.assert(
      fc.property(anyScenario, word.arbitrary(fc, CAST), (scenario, action) => {
        const at = { kind: "at", at: Milliseconds(7) } as const;
        const timeline = [...scenario.timeline, { when: at, after: Milliseconds(0), action }];
        expect(bodyOf(good(formatScenario({ ...scenario, timeline }))).timeline).toEqual(timeline);
      }),
      { numRuns: 10 },
    );
  });

  it.each(EXPECTATIONS.map((word) => [word.key, word] as const))("keeps every expectation %s", (_, word) => {
    fc.assert(
      fc.property(anyScenario, word.part.arbitrary(fc, CAST), (scenario, one) => {
        const given = { ...scenario, expectations: [closeWindow(one, scenario.until)] };
        expect(bodyOf(good(formatScenario(given))).expectations).toEqual(given.expectations);
      }),
      { numRuns: 10 },
    );
  });

  it.each(EXAMPLES.map((text, index) => [index, text] as const))("keeps the documentation's example %i", (_, text) => {
    const scenario = good(text);
    expect(bodyOf(good(formatScenario(scenario)))).toEqual(bodyOf(scenario));
  });

  it("leaves out usual values, but says when it ends", () => {
    expect(formatScenario(good("format: 1\ntitle: nothing\n"))).toBe("format: 1\ntitle: nothing\nuntil: 1m\n");
  });

  it("has each short record on its own line, and a file as a block", () => {
    const text = formatScenario(good(EXAMPLES[0] ?? ""));
    expect(text).toContain("\n    /etc/stas/stafd.conf: |\n      [Controllers]\n");
    expect(text).toContain("\n    - { id: vol1, nqn: nqn.2023-01.example:vol1, listen: 192.168.1.30:4420 }\n");
  });
});
