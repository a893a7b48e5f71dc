/** What a step can wait for, and how to define words for it. */
import type { WorldObservation } from "../../../adapters/sim/observation.js";
import type { ControllerIndex } from "../../controllers.js";
import { usual } from "../members.js";
import { times } from "../parts/scalars.js";
import { type Definition, type RecordWord, word } from "../word.js";

/** `before`, `after`: around the call itself. `before-reply`: its answer is about to be delivered. */
export type CallPhase = "before" | "before-reply" | "after";

/** Something that happens in a run, at that moment. */
export type Happening =
  /** A core calls a port, or a client calls a bus method. */
  | { readonly kind: "call"; readonly name: string; readonly phase: CallPhase }
  /** A step with an id was carried out. */
  | { readonly kind: "step"; readonly step: string }
  /** A uevent left the kernel. `header`: `add@/devices/virtual/nvme-fabrics/ctl/nvme0`. */
  | { readonly kind: "uevent-sent"; readonly header: string }
  /** The first process receives a uevent. Only then are the fields after its header known. */
  | { readonly kind: "uevent-received"; readonly header: string; readonly fields: readonly string[] }
  | { readonly kind: "observed"; readonly seen: WorldObservation };

type HappeningOf<K extends Happening["kind"]> = Extract<Happening, { readonly kind: K }>;

interface Waiting<in Value, H extends Happening["kind"]> {
  /** Which happenings `meets` must see. */
  awaits(trigger: Value): H;
  /** Whether this is an occurrence of what the trigger waits for. */
  meets(trigger: Value, happening: HappeningOf<H>, controllers: ControllerIndex): boolean;
}

/** A word for something that a step waits for. */
export interface TriggerWord<out Value> extends RecordWord<Value> {
  /** As in the definition: for triggers of this word and happenings that it awaits. */
  awaits(trigger: Value): Happening["kind"];
  meets(trigger: Value, happening: Happening, controllers: ControllerIndex): boolean;
}

/** Defines something that a step can wait for: what a file says, and when it has happened. */
export function trigger<const K extends string, Value extends object, H extends Happening["kind"]>(
  definition: Definition<K, Value> & Waiting<Value, H>,
): TriggerWord<{ readonly kind: K } & Value>;
export function trigger(
  definition: Definition<string, object> & Waiting<object, Happening["kind"]>,
): TriggerWord<object> {
  return {
    ...word(definition),
    awaits: (value) => definition.awaits(value),
    meets: (value, happening, controllers) => definition.meets(value, happening, controllers),
  };
}

/** At which occurrence the step happens. A step happens once. */
export const nth = usual(times, 1, "At which occurrence (1: the first).");
