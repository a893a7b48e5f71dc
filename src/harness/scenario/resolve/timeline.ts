/** The time line of a scenario. */
import { Milliseconds } from "../../../core/domain/units.js";
import type { Path } from "../document.js";
import { isReplied } from "../names.js";
import { ACTION_KEYS } from "../schema/timeline.js";
import type { Step, Trigger } from "../types.js";
import { actionKeys, resolveAction, type StepRecord } from "./actions.js";
import { given, type Scope } from "./scope.js";

type WhenRecord = Exclude<StepRecord["when"], undefined>;

/** Steps in the order of the file. */
export function resolveTimeline(records: readonly StepRecord[], scope: Scope): readonly Step[] {
  const steps: Step[] = [];
  for (const [index, record] of records.entries()) {
    const path = ["timeline", index];
    const when = resolveTrigger(record, scope, path);
    const action = resolveOneAction(record, scope, path);
    const after = record.after === undefined ? Milliseconds(0) : scope.time([...path, "after"], record.after);
    if (when !== undefined && action !== undefined) steps.push({ ...given({ id: record.id }), when, after, action });
  }
  if (steps.length === records.length) {
    const byId = stepsById(steps);
    for (const [index, step] of steps.entries()) checkChain(byId, step, scope, ["timeline", index, "when", "step"]);
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
    return { kind: "at", at: scope.time([...path, "at"], at) };
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

/** Steps that wait for each other in a circle would never happen. */
function checkChain(byId: ReadonlyMap<string, Step>, first: Step, scope: Scope, path: Path): void {
  let step: Step | undefined = first;
  for (let hops = 0; step?.when.kind === "step"; hops++) {
    step = byId.get(step.when.step);
    if (step === first || hops > byId.size) {
      scope.source.add(path, "a step that does not wait for this one");
      return;
    }
  }
}

function stepsById(steps: readonly Step[]): ReadonlyMap<string, Step> {
  return new Map(steps.flatMap((step) => (step.id === undefined ? [] : [[step.id, step]])));
}

/** When a step happens, where that is known beforehand. Steps must be free of circles. */
export function timesOfSteps(steps: readonly Step[]): ReadonlyMap<string, Milliseconds> {
  const byId = stepsById(steps);
  const times = new Map<string, Milliseconds>();
  for (const id of byId.keys()) {
    let sum = 0;
    let step = byId.get(id);
    for (let hops = 0; step?.when.kind === "step" && hops <= steps.length; hops++) {
      sum += step.after;
      step = byId.get(step.when.step);
    }
    if (step?.when.kind === "at") times.set(id, Milliseconds(step.when.at + sum));
  }
  return times;
}
