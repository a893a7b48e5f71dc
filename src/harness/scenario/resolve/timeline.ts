/** The time line of a scenario. */
import { later, Milliseconds } from "../../../core/domain/units.js";
import type { Path } from "../document.js";
import { isReplied } from "../names.js";
import { ACTION_KEYS } from "../schema/timeline.js";
import type { Step, Trigger } from "../types.js";
import { actionKeys, resolveAction, type StepRecord } from "./actions.js";
import { duration, given, type Scope } from "./scope.js";

type WhenRecord = Exclude<StepRecord["when"], undefined>;

/** Steps in the order of the file. */
export function resolveTimeline(records: readonly StepRecord[], scope: Scope): readonly Step[] {
  const steps: Step[] = [];
  for (const [index, record] of records.entries()) {
    const path = ["timeline", index];
    const when = resolveTrigger(record, scope, path);
    const action = resolveOneAction(record, scope, path);
    const after = record.after === undefined ? Milliseconds(0) : duration(record.after);
    if (when !== undefined && action !== undefined) steps.push({ ...given({ id: record.id }), when, after, action });
  }
  return steps;
}

function resolveOneAction(record: StepRecord, scope: Scope, path: Path) {
  const keys = actionKeys(record);
  const [key, second] = keys;
  if (key === undefined) {
    scope.source.add(path, `an action: one of the keys ${ACTION_KEYS.join(", ")}`);
    return undefined;
  }
  if (second !== undefined) {
    scope.source.addKey([...path, second], `one action a step, which is ${key} here`);
    return undefined;
  }
  return resolveAction(key, record, scope, path);
}

function resolveTrigger(record: StepRecord, scope: Scope, path: Path): Trigger | undefined {
  const { at, when, after } = record;
  if (at !== undefined && when !== undefined) {
    scope.source.addKey([...path, "when"], "either at or when");
    return undefined;
  }
  if (at !== undefined) {
    if (after !== undefined) scope.source.addKey([...path, "after"], "after only beside when");
    return { kind: "at", at: duration(at) };
  }
  if (when !== undefined) return resolveWhen(when, scope, [...path, "when"]);
  scope.source.add(path, "a time (at) or an event (when)");
  return undefined;
}

function resolveWhen(when: WhenRecord, scope: Scope, path: Path): Trigger {
  if ("step" in when) return { kind: "step", step: scope.step([...path, "step"], when.step) };
  const { nth } = when;
  if ("call" in when) {
    if (when.phase === "before-reply" && !isReplied(when.call)) {
      scope.source.add([...path, "phase"], `before or after, since ${when.call} has no reply`);
    }
    return { kind: "call", call: when.call, phase: when.phase, nth };
  }
  if ("uevent" in when) return { kind: "uevent", ...given(when.uevent), nth };
  if ("connected" in when) {
    return { kind: "connected", controller: scope.controller([...path, "connected"], when.connected), nth };
  }
  if ("disconnected" in when) {
    return { kind: "disconnected", controller: scope.controller([...path, "disconnected"], when.disconnected), nth };
  }
  if ("connect-begin" in when) {
    return {
      kind: "connect-begin",
      controller: scope.controller([...path, "connect-begin"], when["connect-begin"]),
      nth,
    };
  }
  return { kind: "file-written", path: when["file-written"], nth };
}

/** When steps happen, where that is known beforehand: by their ids. */
export type StepTimes = ReadonlyMap<string, Milliseconds>;

/** When a step happens, where that is known beforehand. */
export function timeOfStep(step: Step, times: StepTimes): Milliseconds | undefined {
  if (step.when.kind === "at") return step.when.at;
  const base = step.when.kind === "step" ? times.get(step.when.step) : undefined;
  return base === undefined ? undefined : later(base, step.after);
}

/** Finds out when steps happen. Steps that wait for each other in a circle would never happen: a problem. */
export function timesOfSteps(steps: readonly Step[], scope: Scope): StepTimes {
  const byId = new Map(steps.flatMap((step, index) => (step.id === undefined ? [] : [[step.id, { step, index }]])));
  const times = new Map<string, Milliseconds>();
  const followed = new Set<string>();
  for (const start of byId.keys()) {
    // Each step is followed once: a long chain costs no more than its length.
    const chain: Step[] = [];
    let id: string | undefined = start;
    while (id !== undefined && !followed.has(id)) {
      followed.add(id);
      const entry = byId.get(id);
      if (entry === undefined) break;
      chain.push(entry.step);
      id = entry.step.when.kind === "step" ? entry.step.when.step : undefined;
    }
    const closing = chain.at(-1);
    if (id !== undefined && closing?.id !== undefined && chain.some((step) => step.id === id)) {
      const index = byId.get(closing.id)?.index ?? 0;
      scope.source.add(["timeline", index, "when", "step"], "a step that does not wait for this one");
    }
    for (const step of chain.reverse()) {
      const time = timeOfStep(step, times);
      if (time !== undefined && step.id !== undefined) times.set(step.id, time);
    }
  }
  return times;
}
