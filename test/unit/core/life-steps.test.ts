/** The table of a controller's steps: what it forbids throws, and the scenarios take the steps that it allows. */
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { AssertionError } from "../../../src/core/domain/assertion.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { LIFE_STEPS, assertLifeStep, type Life } from "../../../src/core/state/controller.js";
import { loadScenarios } from "../../../src/harness/load.js";
import { runScenario } from "../../../src/harness/run/run-scenario.js";
import { CHECKED } from "./states.js";

type At = Life["at"];

const allowed = Object.entries(LIFE_STEPS).flatMap(([from, steps]) => steps.map((to) => `${from} -> ${to}`));

describe("a step that the table does not allow", () => {
  const lives = Object.keys(LIFE_STEPS) as At[];
  const forbidden = lives.flatMap((from) => lives.map((to) => [from, to] as const));
  test.each(forbidden.filter(([from, to]) => !LIFE_STEPS[from].includes(to)))("%s -> %s throws", (from, to) => {
    expect(() => {
      assertLifeStep(from, to);
    }).toThrow(new AssertionError(`a controller goes from ${from} to ${to}`));
  });
});

/** Steps that the code takes and no scenario reaches. */
const NOT_TAKEN: readonly string[] = [
  "queued -> connected",
  "queued -> reconnecting",
  "queued -> remembered",
  "probing -> connected",
  "probing -> reconnecting",
  "probing -> remembered",
  "ready -> connected",
  "ready -> reconnecting",
  "ready -> remembered",
  "connecting -> given-up",
  "connecting -> remembered",
  "waiting -> waiting",
  "waiting -> reconnecting",
  "given-up -> ready",
  "given-up -> waiting",
  "given-up -> remembered",
  "given-up -> connected",
  "given-up -> reconnecting",
  "remembered -> ready",
  "remembered -> reconnecting",
  "reconnecting -> reconnecting",
  "disconnecting -> queued",
  "disconnecting -> reconnecting",
];

/** The few longer ones take most of the time and no other step. */
const LONGEST = Milliseconds(2 * 3_600_000);

test("the scenarios, checked after every event, take every other step", () => {
  const { scenarios } = loadScenarios([fileURLToPath(new URL("../../../sim/scenarios", import.meta.url))]);
  const short = scenarios.filter(({ until }) => until <= LONGEST);
  expect(short.length).toBeGreaterThan(100);
  // The assertion looks each step up in its row of the table.
  const rows = Object.entries(LIFE_STEPS).map(([from, steps]) => ({ from, asked: vi.spyOn(steps, "includes") }));
  onTestFinished(() => {
    for (const { asked } of rows) asked.mockRestore();
  });
  for (const scenario of short) {
    const { failures } = runScenario(scenario, { once: true, machinery: CHECKED });
    expect(failures.map(({ name, observed }) => `${scenario.file} ${name}: ${observed}`)).toEqual([]);
  }
  const taken = new Set(rows.flatMap(({ from, asked }) => asked.mock.calls.map(([to]) => `${from} -> ${to}`)));
  expect(allowed.filter((step) => !taken.has(step))).toEqual(NOT_TAKEN);
  expect([...taken].filter((step) => !allowed.includes(step))).toEqual([]);
}, 120_000);
