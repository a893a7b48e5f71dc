/** No stream of events postpones a reconcile or an audit: a soak counts from the first request. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { later, Milliseconds } from "../../src/core/domain/units.js";
import { ADD_SOAK, AUDIT_PERIOD, RECONCILE_SOAK, RECONCILE_SOAK_WITHOUT_STAF } from "../../src/core/domain/limits.js";
import type { Ports } from "../../src/core/ports/index.js";
import { timerId } from "../../src/core/state/timers.js";
import { CheckedCore } from "../../src/harness/run/checked-core.js";
import type { ObservedCore } from "../../src/harness/core-view.js";
import { runScenario } from "../../src/harness/run/run-scenario.js";
import { MACHINERY, type Machinery } from "../../src/harness/run/machinery.js";
import type { Scenario, Step } from "../../src/harness/scenario/types.js";
import { action, smallWorld } from "./small-world.js";

const STAC_SOAK = timerId({ kind: "soak", service: "stac" });

/** The longest wait of every timer that gathers changes. */
const LONGEST: ReadonlyMap<string, Milliseconds> = new Map([
  [timerId({ kind: "soak", service: "staf" }), RECONCILE_SOAK],
  [STAC_SOAK, RECONCILE_SOAK_WITHOUT_STAF],
  [timerId({ kind: "add" }), ADD_SOAK],
  [timerId({ kind: "audit" }), AUDIT_PERIOD],
]);

interface Watch {
  readonly machinery: Machinery;
  readonly problems: string[];
  /** How many soaks of stac have ended. */
  ended: number;
}

/** Cores whose timers are checked at the clock port. */
function watched(): Watch {
  const watch: Watch = { machinery: { ...MACHINERY, createCore }, problems: [], ended: 0 };
  return watch;

  function createCore(ports: Ports, services: ConstructorParameters<typeof CheckedCore>[1]): ObservedCore {
    const deadlines = new Map<string, Milliseconds>();
    const { clock } = ports;
    const arm = (timer: string, delay: Milliseconds): void => {
      const deadline = later(clock.now(), delay);
      const longest = LONGEST.get(timer);
      const before = deadlines.get(timer);
      if (longest !== undefined) {
        if (delay > longest) watch.problems.push(`${timer} waits ${delay} ms`);
        if (before !== undefined && deadline > before) watch.problems.push(`${timer}: ${before} became ${deadline}`);
        deadlines.set(timer, deadline);
      }
      clock.arm(timer, delay);
    };
    const disarm = (timer: string): void => {
      deadlines.delete(timer);
      clock.disarm(timer);
    };
    const now = (): Milliseconds => clock.now();
    const wallTime = (): Milliseconds => clock.wallTime();
    const core = new CheckedCore({ ...ports, clock: { now, wallTime, arm, disarm } }, services);
    return {
      dispatch: (event) => {
        if (event.kind === "timer" && deadlines.delete(event.timer) && event.timer === STAC_SOAK) watch.ended++;
        for (const [timer, deadline] of deadlines)
          if (clock.now() > deadline) watch.problems.push(`${timer} of ${deadline} is still armed at ${clock.now()}`);
        core.dispatch(event);
      },
      snapshot: () => core.snapshot(),
      describe: () => core.describe(),
      pending: () => core.pending(),
      reconciles: () => core.reconciles(),
    };
  }
}

/** A few actions in turn, more often than a soak is long, for a minute. */
const stream: fc.Arbitrary<readonly Step[]> = fc
  .record({
    actions: fc.array(action, { minLength: 1, maxLength: 4 }),
    from: fc.integer({ min: 0, max: 20_000 }),
    every: fc.integer({ min: 200, max: 1_400 }),
  })
  .map(({ actions, from, every }) =>
    Array.from({ length: Math.floor(60_000 / every) }, (_, turn): Step => {
      const next = actions[turn % actions.length];
      if (next === undefined) throw new Error("a stream without actions");
      const at = Milliseconds(from + turn * every);
      return { when: { kind: "at", at }, after: Milliseconds(0), action: next };
    }),
  );

function withStream(scenario: Scenario, steps: readonly Step[]): Scenario {
  const timeline = [...scenario.timeline, ...steps];
  return { ...scenario, timeline, stepLines: timeline.map(() => 0) };
}

test("no stream of events postpones a soak or an audit", () => {
  let ended = 0;
  fc.assert(
    fc.property(smallWorld, stream, (scenario, steps) => {
      const watch = watched();
      runScenario(withStream(scenario, steps), { once: true, machinery: watch.machinery });
      expect(watch.problems).toEqual([]);
      ended += watch.ended;
    }),
    { numRuns: 40 },
  );
  expect(ended).toBeGreaterThan(40);
});
