/** One seed of a campaign: the world that it stands for, and what its run shows. */
import fc from "fast-check";
import { WorldMisuse } from "../../adapters/sim/kernel/initial.js";
import type { Failure } from "../result.js";
import type { Machinery } from "../run/machinery.js";
import { runScenario } from "../run/run-scenario.js";
import type { Scenario } from "../scenario/types.js";
import { arbitraryWorld } from "../worlds/world.js";

/** What a seed showed. Plain: it passes between threads. */
export interface SeedResult {
  readonly seed: number;
  /** `refused`: the world cannot be made. */
  readonly kind: "ran" | "refused";
  readonly events: number;
  /** Simulated milliseconds. */
  readonly simulated: number;
  readonly traceHash: string;
  /** Of oracles. A generated world has no expectations, and what is unsettled at its end is no failure. */
  readonly failures: readonly Failure[];
}

/** The world of a seed: the same for the same build. */
export function worldOf(seed: number): Scenario {
  const [body] = fc.sample(arbitraryWorld(fc), { seed, numRuns: 1 });
  if (body === undefined) throw new RangeError("fast-check gave no sample");
  const numbers = body.timeline.map((_, index) => index + 1);
  return { ...body, file: `seed ${String(seed)}`, stepLines: numbers, expectationLines: [] };
}

/** Runs the world of a seed once. */
export function runSeed(seed: number, machinery?: Machinery): SeedResult {
  const scenario = worldOf(seed);
  try {
    const run = runScenario(scenario, { once: true, ...(machinery === undefined ? {} : { machinery }) });
    const { events, simulated, traceHash } = run;
    const failures = run.failures.filter(({ kind }) => kind !== "unsettled");
    return { seed, kind: "ran", events, simulated, traceHash, failures };
  } catch (error) {
    if (!(error instanceof WorldMisuse)) throw error;
    return { seed, kind: "refused", events: 0, simulated: 0, traceHash: "", failures: [] };
  }
}
