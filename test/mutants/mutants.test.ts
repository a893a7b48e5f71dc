import { afterAll, describe, expect, test } from "vitest";
import { formatFailure, Trials } from "./trial.js";
import { pairMutants, staleSource } from "./tree.js";

const root = process.cwd();
const { mutants, problems } = pairMutants(root);

/** Two runs of a scenario, each of which the runner bounds, on a machine that may be busy. */
const TRIAL_MS_MAX = 250_000;

test("every bug has a scenario and a patch that puts it back", () => {
  expect(problems).toEqual([]);
});

test("dist/ is the build of src/ (else: npm run build)", () => {
  expect(staleSource(root)).toBeUndefined();
});

describe.concurrent("a bug put back fails its scenario", () => {
  const trials = new Trials(root);
  afterAll(() => trials.close());

  for (const mutant of mutants) {
    test(mutant.name, { timeout: TRIAL_MS_MAX }, async ({ expect }) => {
      const outcome = await trials.try(mutant);
      const text = outcome.kind === "caught" ? outcome.failures.map(formatFailure).join("\n") : outcome.problem;
      expect(outcome.kind, text).toBe("caught");
    });
  }
});
