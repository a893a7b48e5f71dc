/** States of a core in the simulated world, to look at and to break by hand. */
import { CheckedCore } from "../../../src/harness/run/checked-core.js";
import { MACHINERY, type Machinery } from "../../../src/harness/run/machinery.js";
import { runScenario } from "../../../src/harness/run/run-scenario.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";
import type { CoreEvent } from "../../../src/core/ports/index.js";
import { fromPlain, type Plain } from "../../../src/core/state/plain.js";
import type { CoreState } from "../../../src/core/state/state.js";

/** A core that is checked after every event. */
export class EveryEventCore extends CheckedCore {
  override dispatch(event: CoreEvent): void {
    super.dispatch(event);
    this.check();
  }
}

/** The real machinery, with a check after every event. */
export const CHECKED: Machinery = {
  ...MACHINERY,
  createCore: (ports, services) => new EveryEventCore(ports, services),
};

/** The state after each event of a scenario, a fresh copy at each call. `service`: whose process, where there are two. */
export function statesOf(text: string, service?: "staf" | "stac"): readonly (() => CoreState)[] {
  const parsed = parseScenario("states", text);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, expected }) => `${path}: ${expected}`).join("\n"));
  const states: (() => CoreState)[] = [];
  const machinery: Machinery = {
    ...MACHINERY,
    createCore: (ports, services) => {
      const core = new EveryEventCore(ports, services);
      return {
        dispatch: (event) => {
          core.dispatch(event);
          if (service !== undefined && services !== service) return;
          const json = JSON.stringify(core.snapshot().state);
          states.push(() => fromPlain(JSON.parse(json) as Plain) as CoreState);
        },
        snapshot: () => core.snapshot(),
        describe: () => core.describe(),
        pending: () => core.pending(),
        reconciles: () => core.reconciles(),
      };
    },
  };
  const { failures } = runScenario(parsed.scenario, { once: true, machinery });
  if (failures.length > 0) throw new Error(failures.map(({ name, observed }) => `${name}: ${observed}`).join("\n"));
  return states;
}

/** The first state of which something holds. */
export function firstState(states: readonly (() => CoreState)[], holds: (state: CoreState) => boolean): CoreState {
  for (const make of states) {
    const state = make();
    if (holds(state)) return state;
  }
  throw new Error("no state of the run is like that");
}
