import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFakeClock, type Cancel, type SimClock } from "../../src/adapters/sim/clock.js";
import { createHeapClock } from "../../src/adapters/sim/heap-clock.js";
import { Milliseconds } from "../../src/core/domain/units.js";

/** One instruction of a random program. A target is an index into the callbacks scheduled so far. */
type Instruction =
  | { readonly kind: "schedule"; readonly delay: number; readonly nested: readonly Instruction[] }
  | { readonly kind: "cancel"; readonly target: number }
  | { readonly kind: "step" }
  | { readonly kind: "advance"; readonly by: number };

const delay = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 10_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 33, 2 ** 40) },
);

const { instruction } = fc.letrec<{ instruction: Instruction }>((tie) => ({
  instruction: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("step" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("advance" as const), by: delay }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), target: fc.nat({ max: 30 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("schedule" as const),
        delay,
        nested: fc.array(tie("instruction"), { maxLength: 4 }),
      }),
    },
  ),
}));

/** Runs a program to its end. Each line gives the time and either the callback that ran or what is next. */
function run(clock: SimClock, programme: readonly Instruction[]): readonly string[] {
  const lines: string[] = [];
  const cancels: Cancel[] = [];
  const carryOut = (one: Instruction, nested: "nested" | "top"): void => {
    switch (one.kind) {
      case "schedule": {
        const id = cancels.length;
        const callback = (): void => {
          lines.push(`${String(clock.now())} ran ${String(id)}`);
          for (const inner of one.nested) carryOut(inner, "nested");
        };
        cancels.push(clock.after(Milliseconds(one.delay), callback));
        return;
      }
      case "cancel":
        cancels[one.target]?.();
        return;
      case "step":
        if (nested === "top") clock.step();
        return;
      case "advance": {
        const target = Math.min(clock.now() + one.by, clock.nextAt() ?? Number.MAX_SAFE_INTEGER);
        clock.advanceTo(Milliseconds(target));
        return;
      }
    }
  };
  for (const one of programme) {
    carryOut(one, "top");
    lines.push(`${String(clock.now())} next ${String(clock.nextAt())}`);
  }
  while (clock.nextAt() !== undefined) clock.step();
  lines.push(`${String(clock.now())} end`);
  return lines;
}

describe("the simulated clocks", () => {
  it("run any program alike, over a heap and over fake-timers", () => {
    fc.assert(
      fc.property(fc.array(instruction, { maxLength: 40 }), (programme) => {
        expect(run(createHeapClock(), programme)).toEqual(run(createFakeClock(), programme));
      }),
      { numRuns: 400 },
    );
  });

  it("keep the order when a cancelled callback's place goes to an earlier one", () => {
    const clock = createHeapClock();
    const ran: number[] = [];
    const cancels = [0, 10, 1, 11, 12, 2, 3].map((wait) => clock.after(Milliseconds(wait), () => ran.push(wait)));
    cancels[3]?.();
    while (clock.nextAt() !== undefined) clock.step();
    expect(ran).toEqual([0, 1, 2, 3, 10, 12]);
  });

  it("never run a callback early, twice, or after it was cancelled", () => {
    const waits = fc.array(fc.record({ delay, cancelled: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(waits, (planned) => {
        const clock = createHeapClock();
        const ran: number[] = [];
        const cancels = planned.map((wait, id) =>
          clock.after(Milliseconds(wait.delay), () => {
            expect(clock.now()).toBe(wait.delay);
            ran.push(id);
          }),
        );
        planned.forEach((wait, id) => {
          if (wait.cancelled) cancels[id]?.();
        });
        while (clock.nextAt() !== undefined) clock.step();
        const expected = planned
          .map((wait, id) => ({ ...wait, id }))
          .filter((wait) => !wait.cancelled)
          .sort((a, b) => a.delay - b.delay || a.id - b.id)
          .map((wait) => wait.id);
        expect(ran).toEqual(expected);
      }),
    );
  });
});
