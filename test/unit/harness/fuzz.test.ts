import { describe, expect, test } from "vitest";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { Failure } from "../../../src/harness/result.js";
import { seedAt, seekCanary, Tally } from "../../../src/harness/fuzz/campaign.js";
import { runSeeds } from "../../../src/harness/fuzz/runners.js";
import { SEED_MAX } from "../../../src/harness/fuzz/bounds.js";
import { runSeed, type SeedResult, worldOf } from "../../../src/harness/fuzz/seed.js";
import { runCommandLine } from "../../../src/harness/cli.js";
import { formatScenario } from "../../../src/harness/scenario/write.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";

describe("a seed", () => {
  test("stands for one world", () => {
    expect(worldOf(7)).toEqual(worldOf(7));
    expect(formatScenario(worldOf(7))).not.toBe(formatScenario(worldOf(8)));
  });

  test("has one trace", () => {
    expect(runSeed(7)).toEqual(runSeed(7));
  });

  test("becomes a scenario file that is the same world", () => {
    for (let seed = 0; seed < 50; seed++) {
      const world = worldOf(seed);
      const read = parseScenario("seed.yaml", formatScenario(world));
      expect(read.ok && formatScenario(read.scenario)).toBe(formatScenario(world));
    }
  });
});

describe("a campaign", () => {
  const failure = (observed: string): Failure => {
    const expected = "no error";
    return { kind: "oracle", name: "no-crash", file: "", line: 0, at: Milliseconds(0), expected, observed, hints: [] };
  };
  const result = (seed: number, ...observed: string[]): SeedResult => {
    return { seed, kind: "ran", events: 1, simulated: 1, traceHash: "", failures: observed.map(failure) };
  };

  test("gives the same report in any order of its seeds", () => {
    const results = [result(5, "nvme3 is lost"), result(2, "nvme1 is lost", "nvme2 is lost"), result(9, "it hangs")];
    const there = new Tally(0);
    const back = new Tally(0);
    for (const one of results) there.add(one);
    for (const one of results.toReversed()) back.add(one);
    expect(there.report(1)).toEqual(back.report(1));
    expect(there.report(1).findings.map(({ seed, seeds }) => [seed, seeds])).toEqual([
      [2, 2],
      [9, 1],
    ]);
  });

  test("runs each seed once, and wraps around after the largest", async () => {
    const ran: number[] = [];
    const order = { firstSeed: SEED_MAX, runs: 3, jobs: 1, wantsMore: () => true };
    await runSeeds({ ...order, ran: ({ seed }) => ran.push(seed) });
    expect(ran).toEqual([SEED_MAX, 0, 1]);
    expect(seedAt(SEED_MAX, 1)).toBe(0);
  });

  test("finds the core with a known fault", () => {
    expect(seekCanary(0)).toBeDefined();
  });
});

test("the command prints what a campaign found", async () => {
  const lines: string[] = [];
  const keep = (text: string): void => {
    lines.push(text);
  };
  const plain = (text: string): string => text;
  const paint = { bold: plain, dim: plain, green: plain, red: plain, yellow: plain };
  const terminal = { out: keep, err: keep, bar: undefined, paint, ownScenarios: "" };
  const status = await runCommandLine(["fuzz", "--seed", "3", "--runs", "5", "--json"], terminal);
  const report: unknown = JSON.parse(lines.join("\n"));
  expect(report).toMatchObject({ firstSeed: 3, seeds: 5, refused: 0 });
  expect([0, 1]).toContain(status);
});
