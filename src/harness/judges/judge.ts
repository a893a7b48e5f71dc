/** What judges one expectation of a scenario while the run goes on. */
import type { ProcessName, WorldObservation } from "../../adapters/sim/observation.js";
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { WorldSpec } from "../../adapters/sim/spec.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { LogRecord } from "../../core/ports/log.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { ControllerIndex } from "../controllers.js";
import type { ControllerDescription } from "../core-view.js";
import type { StepId } from "../scenario/types.js";
import type { PortCall } from "../trace/teller.js";

/** What a judge may ask of a run. */
export interface JudgeView {
  readonly spec: WorldSpec;
  now(): Milliseconds;
  readonly controllers: ControllerIndex;
  describe(): readonly ControllerDescription[];
  /** Obligations of all running cores. */
  pending(): readonly string[];
  /** Whether a service runs, and with what status its process last exited. */
  serviceState(service: ServiceName): { readonly running: boolean; readonly status: number | undefined };
  readFile(path: string): string | undefined;
  /** The last event that may have met an obligation: a sentence. */
  lastEventAbout(obligation: string): string;
}

export type Finding =
  | { readonly kind: "met" }
  /** Does not hold, whatever is still to come. */
  | { readonly kind: "failed"; readonly observed: string; readonly hints: readonly string[] }
  /** The run ended too early to tell. */
  | { readonly kind: "open"; readonly observed: string; readonly hints: readonly string[] };

export interface Judge {
  /** What is expected, as a sentence. */
  readonly expected: string;
  /** Times at which it looks at the world: the run stops there, after all that happens at that time. */
  readonly looksAt: readonly Milliseconds[];
  look?(at: Milliseconds): void;
  observed?(seen: WorldObservation, at: Milliseconds): void;
  called?(call: PortCall, at: Milliseconds): void;
  dispatched?(process: ProcessName, event: CoreEvent, at: Milliseconds): void;
  logged?(record: LogRecord, at: Milliseconds): void;
  crashed?(process: ProcessName, at: Milliseconds): void;
  /** A step was carried out. */
  stepped?(id: StepId, at: Milliseconds): void;
  /** The world was changed, by a step. */
  acted?(action: WorldAction): void;
  /** The run is over. */
  finding(): Finding;
}

export const MET: Finding = { kind: "met" };

export function failed(observed: string, ...hints: readonly string[]): Finding {
  return { kind: "failed", observed, hints };
}

export function open(observed: string, ...hints: readonly string[]): Finding {
  return { kind: "open", observed, hints };
}

/** `61.2 s`, as all reports print a simulated time. */
export function formatTime(at: Milliseconds): string {
  return `${String(at / 1000)} s`;
}
