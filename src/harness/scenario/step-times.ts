/** When the steps of a time line happen, if that is known before the run. */
import { later, type Milliseconds } from "../../core/domain/units.js";
import type { StepId } from "../vocabulary/parts/ids.js";
import type { Step } from "../vocabulary/timeline.js";

type Timed = Omit<Step, "action">;

export type StepTimes = ReadonlyMap<StepId, Milliseconds>;

/** When a step happens; `undefined` if it waits for an event. */
export function timeOfStep({ when, after }: Timed, times: StepTimes): Milliseconds | undefined {
  if (when.kind === "at") return when.at;
  const base = when.kind === "step" ? times.get(when.step) : undefined;
  return base === undefined ? undefined : later(base, after);
}

/** Times of the steps that have an id. Calls `onCircle` with one step of each circle of steps that wait for each other. */
export function timesOfSteps(steps: readonly Timed[], onCircle: (index: number) => void): StepTimes {
  const byId = new Map(steps.flatMap((step, index) => (step.id === undefined ? [] : [[step.id, { step, index }]])));
  const times = new Map<StepId, Milliseconds>();
  const followed = new Set<StepId>();
  for (const start of byId.keys()) {
    // Follows each step once, so that a long chain costs no more than its length.
    const chain: { readonly step: Timed; readonly index: number }[] = [];
    let id: StepId | undefined = start;
    while (id !== undefined && !followed.has(id)) {
      followed.add(id);
      const entry = byId.get(id);
      if (entry === undefined) break;
      chain.push(entry);
      id = entry.step.when.kind === "step" ? entry.step.when.step : undefined;
    }
    const closing = chain.at(-1);
    if (closing !== undefined && chain.some(({ step }) => step.id === id)) onCircle(closing.index);
    for (const { step } of chain.reverse()) {
      const time = timeOfStep(step, times);
      if (time !== undefined && step.id !== undefined) times.set(step.id, time);
    }
  }
  return times;
}
