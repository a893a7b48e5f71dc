/** What watches a run from outside: an expectation of the scenario, or an oracle that holds in every run. */
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
  /** Does not hold, whatever is still to come. */
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

/** Reports a finding at the present simulated time; `expected` is a sentence. What is met leaves no trace. */
export type Report = (expected: string, finding: Finding) => void;

/** The hooks of an observer, by what they are told. Each runs outside the core, and must change nothing in the run. */
export interface Hooks {
  /** The world did something. The view shows the world behind it. */
  observed(seen: WorldObservation, at: Milliseconds): void;
  /** An event is about to enter a core. */
  dispatched(process: ProcessName, event: CoreEvent, at: Milliseconds): void;
  /** A core has handled an event, or threw; `reconciles` is what each service did in it. */
  handled(process: ProcessName, reconciles: Reconciles, at: Milliseconds): void;
  /** A core is about to make a call on a port, other than a look or a timer. */
  called(call: PortCall, at: Milliseconds): void;
  /** A core writes a log record. */
  logged(process: ProcessName, record: LogRecord, at: Milliseconds): void;
  /** A step is about to be done to the world. */
  acted(action: WorldAction, at: Milliseconds): void;
  /** As `acted`, for a step that has an id. */
  stepped(id: string, at: Milliseconds): void;
  /** A core threw. */
  crashed(process: ProcessName, error: unknown, at: Milliseconds): void;
  /** A line of the trace held a secret; the secret itself is masked. */
  leaked(line: string): void;
  /**
   * No core is in the middle of an event: before each step, before each look, and at the end. A step that a call sets
   * off finds a core in the middle of one, so it has no such moment before it.
   */
  rested(): void;
  /** All that happens at one of the times of `looksAt` has happened. */
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
