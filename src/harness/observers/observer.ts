/** What watches a run from outside: an expectation of the scenario, or an oracle, which must hold in every run. */
import type { ProcessName, WorldObservation } from "../../adapters/sim/observation.js";
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { LogRecord } from "../../core/ports/log.js";
import type { Reconciles } from "../core-view.js";
import type { PortCall } from "../trace/teller.js";
import type { RunView } from "./run-view.js";

/** What an observer found. */
export type Finding =
  | { readonly kind: "met" }
  /** Does not hold, regardless of what follows. */
  | { readonly kind: "failed"; readonly observed: string; readonly hints: readonly string[] }
  /** The run ended too early to tell. */
  | { readonly kind: "open"; readonly observed: string; readonly hints: readonly string[] };

export const MET: Finding = { kind: "met" };

export function failed(observed: string, ...hints: readonly string[]): Finding {
  return { kind: "failed", observed, hints };
}

export function open(observed: string, ...hints: readonly string[]): Finding {
  return { kind: "open", observed, hints };
}

/** Reports a finding at the present simulated time. `expected` is a sentence. A finding that is met is dropped. */
export type Report = (expected: string, finding: Finding) => void;

/** The hooks of an observer. They run outside the core and must not change the run. */
export interface Hooks {
  /** The world did something. The view shows the world after it. */
  observed(seen: WorldObservation, at: Milliseconds): void;
  /** An event is about to enter a core. */
  dispatched(process: ProcessName, event: CoreEvent, at: Milliseconds): void;
  /** A core has handled an event, or threw. `reconciles`: how often each service reconciled in it. */
  handled(process: ProcessName, reconciles: Reconciles, at: Milliseconds): void;
  /** A core is about to call a port, except to read, log, close a handle or set a timer. */
  called(call: PortCall, at: Milliseconds): void;
  /** A core writes a log record. */
  logged(process: ProcessName, record: LogRecord, at: Milliseconds): void;
  /** A step is about to be carried out. */
  acted(action: WorldAction, at: Milliseconds): void;
  /** As `acted`, for a step that has an id. */
  stepped(id: string, at: Milliseconds): void;
  /** A core threw. */
  crashed(process: ProcessName, error: unknown, at: Milliseconds): void;
  /** A line of the trace held a secret. `line` has it masked. */
  leaked(line: string): void;
  /**
   * No core is in the middle of an event: called before each step, before each look, and at the end. A step that a
   * port call triggers interrupts a core, so this hook does not run before it.
   */
  rested(): void;
  /** Everything at one of the times of `looksAt` has happened. */
  look(at: Milliseconds): void;
  /** The run is over. */
  finish(): void;
}

/** Watches one run. */
export interface Observer extends Partial<Hooks> {
  /** Times at which the run stops for a look. */
  readonly looksAt?: readonly Milliseconds[];
}

/** Makes the observer of a run. */
export type Observe = (view: RunView, report: Report) => Observer;

/** Prints a simulated time as all reports do: `61.2 s`. */
export function formatTime(at: Milliseconds): string {
  return `${String(at / 1000)} s`;
}
