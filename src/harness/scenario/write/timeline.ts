/** Steps and expectations as a file spells them. */
import type { Milliseconds } from "../../../core/domain/units.js";
import { spellDuration, spellRange } from "../duration.js";
import { given } from "../resolve/scope.js";
import type { ScenarioRecord } from "../schema/schema.js";
import type { Condition, ControllerRef, Counted, Expectation, Range, Step, Trigger } from "../types.js";
import { actionPart } from "./actions.js";
import { unless } from "./world.js";

type StepRecord = NonNullable<ScenarioRecord["timeline"]>[number];
type ExpectationRecord = NonNullable<ScenarioRecord["expect"]>[number];
type WhenRecord = NonNullable<StepRecord["when"]>;
type NeverRecord = Extract<ExpectationRecord, { never: unknown }>["never"];
type ConditionRecord = NonNullable<NeverRecord["while"]>;
type CountedRecord = Extract<ExpectationRecord, { count: unknown }>["count"];

export function stepRecord(step: Step): StepRecord {
  const { id, when } = step;
  const time = when.kind === "at" ? { at: spellDuration(when.at) } : { when: whenRecord(when) };
  const after = when.kind === "at" ? undefined : unless(spellDuration(step.after), "0s");
  return { ...given({ id }), ...time, ...given({ after }), ...actionPart(step.action) };
}

function ref({ id, hostIface }: ControllerRef): string {
  return hostIface === undefined ? id : `${id}@${hostIface}`;
}

function whenRecord(when: Exclude<Trigger, { kind: "at" }>): WhenRecord {
  if (when.kind === "step") return { step: when.step };
  const nth = given({ nth: unless(when.nth, 1) });
  switch (when.kind) {
    case "call":
      return { call: when.call, ...given({ phase: unless(when.phase, "after") }), ...nth };
    case "uevent": {
      const { action, device, event } = when;
      return { uevent: given({ action, device, event }), ...nth };
    }
    case "connected":
      return { connected: ref(when.controller), ...nth };
    case "disconnected":
      return { disconnected: ref(when.controller), ...nth };
    case "connect-begin":
      return { "connect-begin": ref(when.controller), ...nth };
    case "file-written":
      return { "file-written": when.path, ...nth };
  }
}

/** `until` is the end of the run, where an open window ends. */
export function expectationRecord(expectation: Expectation, until: Milliseconds): ExpectationRecord {
  switch (expectation.kind) {
    case "connected": {
      const { at, connected, exactly } = expectation;
      return { at: spellDuration(at), connected: refs(connected), ...given({ exactly: unless(exactly, false) }) };
    }
    case "disconnected":
      return { at: spellDuration(expectation.at), disconnected: refs(expectation.disconnected) };
    case "throughout":
      return { throughout: spellRange(expectation.during), connected: refs(expectation.connected) };
    case "within": {
      const { within, of, becomes, controllers } = expectation;
      return { within: spellRange(within), of, [becomes]: refs(controllers) };
    }
    case "never": {
      const { what, controllers } = expectation;
      const condition = expectation.while;
      const during = given({ while: condition === undefined ? undefined : conditionRecord(condition) });
      const ids = refs(controllers);
      const never = what === "connect" ? { connect: ids, ...during } : { disconnect: ids, ...during };
      return { never, ...windowPart(expectation.window, until) };
    }
    case "count": {
      const { counted, bound, window } = expectation;
      return { count: countedRecord(counted), [bound.kind]: bound.count, ...windowPart(window, until) };
    }
    case "log": {
      const { level, matches, bound, window } = expectation;
      return { log: given({ level, matches }), [bound.kind]: bound.count, ...windowPart(window, until) };
    }
    case "state": {
      const { at, controller, service, state } = expectation;
      return { at: spellDuration(at), state: { controller: ref(controller), service, state } };
    }
    case "file": {
      const { at, path, exists, contains } = expectation;
      return { at: spellDuration(at), file: { path, ...given({ exists: unless(exists, true), contains }) } };
    }
    case "process": {
      const { at, name, running, status } = expectation;
      return { at: spellDuration(at), process: { name, running, ...given({ status }) } };
    }
    case "settled":
      return { settled: spellDuration(expectation.by) };
  }
}

function refs(controllers: readonly ControllerRef[]): string[] {
  return controllers.map(ref);
}

function windowPart({ from, to }: Range, until: Milliseconds) {
  return given({
    from: from === 0 ? undefined : spellDuration(from),
    to: to === until ? undefined : spellDuration(to),
  });
}

function conditionRecord(condition: Condition): ConditionRecord {
  switch (condition.kind) {
    case "link":
      return { link: { interface: condition.hostIface, state: condition.state } };
    case "listener":
      return { listener: { id: condition.id, state: condition.state } };
    case "process":
      return { process: { name: condition.name, running: condition.running } };
  }
}

function countedRecord(counted: Counted): CountedRecord {
  switch (counted.kind) {
    case "connects":
      return { connects: ref(counted.controller) };
    case "disconnects":
      return { disconnects: ref(counted.controller) };
    case "probes":
      return { probes: ref(counted.controller) };
    case "log-reads":
      return { "log-reads": ref(counted.controller) };
    case "registrations":
      return { registrations: counted.dc, ...given({ symname: counted.symname }) };
    case "calls":
      return { calls: counted.call };
    case "reconciles":
      return { reconciles: counted.service };
    case "unit-restarts":
      return { "unit-restarts": counted.matches };
    case "crashes":
      return { crashes: counted.process };
  }
}
