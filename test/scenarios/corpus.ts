/** The scenarios that ship, as tests. */
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { formatProblem, loadScenarios, scenarioFiles } from "../../src/harness/load.js";
import { formatFailure } from "../../src/harness/report/text.js";
import type { ScenarioResult } from "../../src/harness/result.js";
import { runScenario } from "../../src/harness/run/run-scenario.js";
import type { Scenario } from "../../src/harness/scenario/types.js";
import { whereRestoredDiffers } from "../property/restored.js";

const FOLDER = fileURLToPath(new URL("../../sim/scenarios", import.meta.url));

const same = (text: string): string => text;
const PAINT = { green: same, red: same, yellow: same, bold: same, dim: same };

/** Snapshots of a large scenario are large: there, one in so many events is enough. */
const LARGE_EVENTS = 500;
const LARGE_STRIDE = 17;

/** `field` of sim/scenarios/field/01-lost-remove.yaml; empty of a file that lies in no folder. */
function folderOf(file: string): string {
  const [folder, ...rest] = relative(FOLDER, file).split(sep);
  return rest.length === 0 ? "" : (folder ?? "");
}

/**
 * Declares the tests of the scenarios in some folders of sim/scenarios: each passes, gives the same trace again, and
 * gives it also where its cores go on from snapshots.
 */
export function testScenarios(chosen: (folder: string) => boolean): void {
  const files = scenarioFiles(FOLDER).filter((file) => chosen(folderOf(file)));
  const { scenarios, problems } = loadScenarios(files);
  const results = new Map<Scenario, ScenarioResult>();
  const resultOf = (scenario: Scenario): ScenarioResult => {
    const result = results.get(scenario) ?? runScenario(scenario);
    results.set(scenario, result);
    return result;
  };

  test("the scenario files are all readable", () => {
    expect(problems.map(formatProblem)).toEqual([]);
    expect(scenarios.length).toBeGreaterThan(0);
  });

  const named = scenarios.map((scenario) => [relative(FOLDER, scenario.file), scenario] as const);

  test.each(named)("%s passes, twice with the same trace", (_name, scenario) => {
    const { verdict, failures } = resultOf(scenario);
    expect(failures.map((failure) => formatFailure(failure, PAINT)).join("\n")).toBe("");
    expect(verdict).toBe("pass");
  });

  test.each(named)("%s continues the same trace from a snapshot at any event", (_name, scenario) => {
    const plain = resultOf(scenario);
    const every = plain.events > LARGE_EVENTS ? LARGE_STRIDE : 1;
    expect(whereRestoredDiffers(scenario, every, { plain })).toBe("");
  });
}
