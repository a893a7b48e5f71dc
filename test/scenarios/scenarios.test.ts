import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { formatProblem, loadScenarios } from "../../src/harness/load.js";
import { formatFailure } from "../../src/harness/report/text.js";
import { runScenario } from "../../src/harness/run/run-scenario.js";

const FOLDER = fileURLToPath(new URL("../../sim/scenarios", import.meta.url));

const { scenarios, problems } = loadScenarios([FOLDER]);
const plain = (text: string): string => text;
const PAINT = { green: plain, red: plain, yellow: plain, bold: plain, dim: plain };

describe("the scenarios of the package", () => {
  test("are all valid", () => {
    expect(problems.map(formatProblem)).toEqual([]);
    expect(scenarios.length).toBeGreaterThan(0);
  });

  test.each(scenarios.map((scenario) => [relative(FOLDER, scenario.file), scenario] as const))(
    "%s passes twice with the same trace",
    (_name, scenario) => {
      const { verdict, failures } = runScenario(scenario);
      expect(failures.map((failure) => formatFailure(failure, PAINT)).join("\n")).toBe("");
      expect(verdict).toBe("pass");
    },
  );
});
