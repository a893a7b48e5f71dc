/** Finds and reads scenario files, all of them before the first one runs. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../adapters/shared/os-error.js";
import { parseScenario } from "./scenario/parse.js";
import type { Problem } from "./scenario/document.js";
import type { Scenario } from "./scenario/types.js";

const SCENARIO_NAME = /\.ya?ml$/;

export interface Loaded {
  readonly scenarios: readonly Scenario[];
  /** If there are any, nothing may run. */
  readonly problems: readonly Problem[];
}

/** A path that cannot be read is a problem like any other. */
function unreadable(file: string, error: unknown): Problem {
  const found = codeOf(error) ?? "an error";
  return { file, line: 1, column: 1, path: "", expected: "a readable scenario file or folder", found };
}

/** Scenario files under a path: the file itself, or those in the folder and its subfolders, in name order. */
export function scenarioFiles(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) return scenarioFiles(inside);
    return entry.isFile() && SCENARIO_NAME.test(entry.name) ? [inside] : [];
  });
}

/** Reads every scenario under these paths, in order. A folder without scenario files is a problem. */
export function loadScenarios(paths: readonly string[]): Loaded {
  const scenarios: Scenario[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    try {
      const files = scenarioFiles(path);
      if (files.length === 0) {
        problems.push({ file: path, line: 1, column: 1, path: "", expected: "a scenario file (.yaml)", found: "none" });
      }
      for (const file of files) {
        const parsed = parseScenario(file, readFileSync(file, "utf8"));
        if (parsed.ok) scenarios.push(parsed.scenario);
        else problems.push(...parsed.problems);
      }
    } catch (error) {
      problems.push(unreadable(path, error));
    }
  }
  return { scenarios, problems };
}

/** `FILE:LINE:COLUMN: PATH: expected ..., found ...` */
export function formatProblem({ file, line, column, path, expected, found }: Problem): string {
  const where = path === "" ? "" : ` ${path}:`;
  return `${file}:${String(line)}:${String(column)}:${where} expected ${expected}, found ${found}`;
}
