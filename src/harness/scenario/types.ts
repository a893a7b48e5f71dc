/** A scenario after parsing: every time in milliseconds, every default filled in, every name known to exist. */
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { FabricId, LinkState, ListenerState, ProcessTarget, WorldSpec } from "../../adapters/sim/spec.js";
import type { Life } from "../../core/state/controller.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { LogLevel } from "../../core/ports/log.js";
import type { CallName } from "./names.js";

/** A name given to a step. */
export type StepId = string;

/** What a scenario says, without where it says it. This is what is written back to a file. */
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

/** Something is done to the world, once. */
export interface Step {
  readonly id?: StepId;
  readonly when: Trigger;
  /** How long after the trigger; 0 for `at`. */
  readonly after: Milliseconds;
  readonly action: WorldAction;
}

/** What a step waits for. `nth`: the first occurrence is 1; a step happens once. */
export type Trigger =
  | { readonly kind: "at"; readonly at: Milliseconds }
  /** `before`, `after`: around the call itself; `before-reply`: its answer is about to be delivered. */
  | { readonly kind: "call"; readonly call: CallName; readonly phase: CallPhase; readonly nth: number }
  /** The step was carried out. */
  | { readonly kind: "step"; readonly step: StepId }
  /** A uevent of a controller left the kernel; what is not given matches all. */
  | {
      readonly kind: "uevent";
      readonly action?: "add" | "change" | "remove";
      readonly device?: string;
      readonly event?: string;
      readonly nth: number;
    }
  /** A kernel controller to this peer became live. */
  | { readonly kind: "connected"; readonly controller: ControllerRef; readonly nth: number }
  /** A kernel controller to this peer was removed. */
  | { readonly kind: "disconnected"; readonly controller: ControllerRef; readonly nth: number }
  /** A connect string for this peer entered the kernel. */
  | { readonly kind: "connect-begin"; readonly controller: ControllerRef; readonly nth: number }
  | { readonly kind: "file-written"; readonly path: string; readonly nth: number };

export type CallPhase = "before" | "before-reply" | "after";

/**
 * Kernel controllers to one peer: `dc1`, or only those over one interface: `dc1@eth1`. Where the id
 * is that of a controller given as sysfs attributes (`nvme3`), that controller.
 */
export interface ControllerRef {
  readonly id: FabricId;
  readonly hostIface?: string;
}

/** From and to, both inclusive. */
export interface Range {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
}

/** How often something may have happened. */
export interface Bound {
  readonly kind: "is" | "at-most" | "at-least";
  readonly count: number;
}

/** A condition of the world under which a `never` holds. */
export type Condition =
  | { readonly kind: "link"; readonly hostIface: string; readonly state: LinkState }
  | { readonly kind: "listener"; readonly id: FabricId; readonly state: ListenerState }
  | { readonly kind: "process"; readonly name: ServiceName; readonly running: boolean };

/** What is counted. `calls` is a call on a port or a bus method that a client called. */
export type Counted =
  | { readonly kind: "connects" | "disconnects" | "probes" | "log-reads"; readonly controller: ControllerRef }
  /** Registrations that a discovery controller took, of any symbolic name or of this one. */
  | { readonly kind: "registrations"; readonly dc: FabricId; readonly symname?: string }
  | { readonly kind: "calls"; readonly call: CallName }
  | { readonly kind: "reconciles"; readonly service: ServiceName }
  /** Restarts of units by daemons, whose names match; the source of a regular expression that is known to compile. */
  | { readonly kind: "unit-restarts"; readonly matches: string }
  /** Processes that threw out of `dispatch`. */
  | { readonly kind: "crashes"; readonly process: ProcessTarget };

/** What must be seen. Every `window` defaults to the whole run. */
export type Expectation =
  /** Live at that moment; `exactly`: and no other kernel controller exists. */
  | {
      readonly kind: "connected";
      readonly at: Milliseconds;
      readonly connected: readonly ControllerRef[];
      readonly exactly: boolean;
    }
  /** No kernel controller to them exists at that moment. */
  | { readonly kind: "disconnected"; readonly at: Milliseconds; readonly disconnected: readonly ControllerRef[] }
  /** Connected the whole time by the same kernel controllers, never deleted in between. */
  | { readonly kind: "throughout"; readonly during: Range; readonly connected: readonly ControllerRef[] }
  /** Becomes so not earlier than `from` and not later than `to` after the step. */
  | {
      readonly kind: "within";
      readonly within: Range;
      readonly of: StepId;
      readonly becomes: "connected" | "disconnected";
      readonly controllers: readonly ControllerRef[];
    }
  /** No connect to, or no delete of, any of them by a daemon. */
  | {
      readonly kind: "never";
      readonly what: "connect" | "disconnect";
      readonly controllers: readonly ControllerRef[];
      readonly while?: Condition;
      readonly window: Range;
    }
  | { readonly kind: "count"; readonly counted: Counted; readonly bound: Bound; readonly window: Range }
  /** Log records of this level whose text matches; what is not given matches all. */
  | {
      readonly kind: "log";
      readonly level?: LogLevel;
      /** Source of a regular expression with the flag `u`, known to compile. */
      readonly matches?: string;
      readonly bound: Bound;
      readonly window: Range;
    }
  /** Where a service says that a controller stands; `absent`: it has none. */
  | {
      readonly kind: "state";
      readonly at: Milliseconds;
      readonly controller: ControllerRef;
      readonly service: ServiceName;
      readonly state: Life["at"] | "absent";
    }
  | {
      readonly kind: "file";
      readonly at: Milliseconds;
      readonly path: string;
      readonly exists: boolean;
      /** Text that it holds; only where it exists. */
      readonly contains?: string;
    }
  | {
      readonly kind: "process";
      readonly at: Milliseconds;
      readonly name: ServiceName;
      readonly running: boolean;
      /** Exit status of the last run; only where it does not run. */
      readonly status?: number;
    }
  /** By then nothing is pending: no operation in flight, no controller wanted and not live. */
  | { readonly kind: "settled"; readonly by: Milliseconds };

/** One thing wrong with a scenario file. */
export interface Problem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** `timeline[2].at`; empty where it speaks of the whole file. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

export type ParsedScenario =
  { readonly ok: true; readonly scenario: Scenario } | { readonly ok: false; readonly problems: readonly Problem[] };
