/** What the tests of scenario files share. */
import { readFileSync } from "node:fs";
import { parseScenario } from "../../../src/harness/scenario/parse.js";
import type { Problem, Scenario } from "../../../src/harness/scenario/types.js";

export const DOCUMENTATION = readFileSync(new URL("../../../docs/scenarios.md", import.meta.url), "utf8");

/** Every YAML block of the documentation that is a whole scenario. */
export const EXAMPLES: readonly string[] = [...DOCUMENTATION.matchAll(/```yaml\n(format: 1\n.*?)```/gs)].map(
  ([, text = ""]) => text,
);

/** The scenario of a valid text. Throws if it is not valid. */
export function good(text: string): Scenario {
  const parsed = parseScenario("good.yaml", text);
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => JSON.stringify(problem)).join("\n"));
  return parsed.scenario;
}

/** The problems of a text that is not valid. Throws if it is valid. */
export function bad(text: string): readonly Problem[] {
  const parsed = parseScenario("bad.yaml", text);
  if (parsed.ok) throw new Error("the file was accepted");
  return parsed.problems;
}

/** A scenario without its places in a file. */
export function bodyOf(scenario: Scenario) {
  const { file: _file, stepLines: _steps, expectationLines: _expectations, ...body } = scenario;
  return body;
}

/** A small world to refer to; its time line begins on line 9. */
export const WORLD = `format: 1
title: t
fabric:
  discovery-controllers:
    - { id: dc1, listen: 192.168.1.20:8009, entries: [vol1] }
  subsystems:
    - { id: vol1, nqn: nqn.2023-01.example:vol1, listen: 192.168.1.30:4420 }
# What a test adds begins below.
`;
