/** What an oracle is: a named predicate that watches a run from outside, whatever the scenario expects. */
import type { ConnectionView, ProcessName, WorldObservation } from "../../adapters/sim/observation.js";
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { WorldSpec } from "../../adapters/sim/spec.js";
import { DecodeError } from "../../core/codec/error.js";
import { decodeOptionString } from "../../core/codec/fabrics-options.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { ControllerDescription } from "../core-view.js";
import type { PortCall } from "../trace/teller.js";

/** An invariant that did not hold. */
export interface Violation {
  /** Name of the oracle. */
  readonly oracle: string;
  readonly at: Milliseconds;
  readonly expected: string;
  readonly observed: string;
  /** Where to look, or empty. */
  readonly hint: string;
}

/** What oracles may ask of a run. */
export interface OracleView {
  readonly spec: WorldSpec;
  now(): Milliseconds;
  /** A controller that the kernel has. */
  controller(uid: number): ConnectionView | undefined;
  /** Controllers that the kernel has now. */
  controllers(): Iterable<ConnectionView>;
  /** When this controller was added; 0 for one that was there from the start. */
  addedAt(uid: number): Milliseconds;
  processes(): readonly ProcessName[];
  /** When a process that runs was last started. */
  startedAt(process: ProcessName): Milliseconds | undefined;
  readFile(path: string): string | undefined;
  /** Paths that daemons wrote, and those the host began with. */
  filePaths(): Iterable<string>;
  /** What each running core says of its controllers. */
  describe(): readonly ControllerDescription[];
  /** Texts that must appear nowhere. */
  readonly secrets: readonly string[];
  violated(violation: Omit<Violation, "at">): void;
}

/** A predicate that watches. Each method is optional; `finish` judges the end of the run. */
export interface Oracle {
  observed?(seen: WorldObservation): void;
  /** An event enters a core. */
  dispatched?(process: ProcessName, event: CoreEvent): void;
  /** A core makes a call on a port that is more than a look or a timer. */
  called?(call: PortCall): void;
  /** A step of the time line is about to be done to the world. */
  acted?(action: WorldAction): void;
  /** The core threw. */
  crashed?(process: ProcessName, error: unknown): void;
  /** A trace line held a secret; the secret itself is masked. */
  leaked?(line: string): void;
  /** The world stands still for a moment: before a step of the time line, and at the end. */
  rested?(): void;
  finish?(): void;
}

export interface OracleDefinition {
  readonly name: string;
  create(view: OracleView): Oracle;
}

/** Whether an actor is one of the daemon's processes. */
export function isDaemon(actor: string): actor is ProcessName {
  return actor === "stas" || actor === "staf" || actor === "stac";
}

/** Prints a controller for a person: `nvme3 (tcp 192.168.1.30:4420 nqn..., made by stas)`. */
export function formatConnection(view: ConnectionView): string {
  const { name, transport, traddr, trsvcid, subsysnqn, madeBy } = view;
  return `${name} (${transport} ${traddr}:${trsvcid} ${subsysnqn}, made by ${madeBy})`;
}

/** Whether the kernel is about to let go of it. */
export function isGoing(view: ConnectionView): boolean {
  return view.state === "deleting" || view.state === "deleting (no IO)" || view.state === "dead";
}

/** Whether two connections are the same connection twice. What differs most is compared first. */
export function isSame(a: ConnectionView, b: ConnectionView): boolean {
  return (
    a.traddr === b.traddr &&
    a.subsysnqn === b.subsysnqn &&
    a.trsvcid === b.trsvcid &&
    a.transport === b.transport &&
    a.hostTraddr === b.hostTraddr &&
    a.hostIface === b.hostIface &&
    a.hostNqn === b.hostNqn
  );
}

/** The values of a connect string, by key; none where it is no connect string, which the kernel refuses as well. */
export function connectOptions(options: string): ReadonlyMap<string, string | true> {
  try {
    return decodeOptionString(options);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return new Map();
  }
}
