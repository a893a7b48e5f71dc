/** A scenario after parsing: every time in milliseconds, every default filled in, every name known to exist. */
import type { WorldSpec } from "../../adapters/sim/spec.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { Expectation } from "../vocabulary/expectations/index.js";
import type { Step } from "../vocabulary/timeline.js";
import type { Problem } from "./document.js";

export type { Expectation } from "../vocabulary/expectations/index.js";
export type { Step, Trigger } from "../vocabulary/timeline.js";
export type { Problem } from "./document.js";

/** What a scenario says, without the places in its file. `formatScenario` writes it back to a file. */
export interface ScenarioBody {
  readonly format: 1;
  readonly title: string;
  readonly origin?: string;
  readonly seed: number;
  readonly world: WorldSpec;
  /** The daemon processes start at 0 s, without a step. */
  readonly autostart: boolean;
  readonly timeline: readonly Step[];
  readonly expectations: readonly Expectation[];
  /** When the run ends. */
  readonly until: Milliseconds;
}

/** A scenario and the places in its file. */
export interface Scenario extends ScenarioBody {
  readonly file: string;
  /** 1-based line of each step, in the order of `timeline`. */
  readonly stepLines: readonly number[];
  /** 1-based line of each expectation, in the order of `expectations`. */
  readonly expectationLines: readonly number[];
}

export type ParsedScenario =
  { readonly ok: true; readonly scenario: Scenario } | { readonly ok: false; readonly problems: readonly Problem[] };
