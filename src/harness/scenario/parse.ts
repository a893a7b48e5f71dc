/** Reads a whole scenario file before anything runs. */
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { WorldSpec } from "../../adapters/sim/spec.js";
import { later, type Milliseconds } from "../../core/domain/units.js";
import { closeWindow } from "../vocabulary/expectations/window.js";
import { type Known, Mentions } from "../vocabulary/mentions.js";
import { scenario as scenarioPart, type ScenarioDraft } from "../vocabulary/scenario.js";
import { completeAction, type Step } from "../vocabulary/timeline.js";
import { UNTIL_MARGIN } from "./defaults.js";
import { Source } from "./document.js";
import { TIME_MAX } from "./duration.js";
import { reportIssues } from "./issues.js";
import { type StepTimes, timeOfStep, timesOfSteps } from "./step-times.js";
import type { ParsedScenario, Scenario } from "./types.js";

/**
 * Reads a scenario. Returns it whole, with every default filled in and every reference checked, or at most
 * `PROBLEMS_MAX` problems, each with its place. Never throws.
 */
export function parseScenario(file: string, text: string): ParsedScenario {
  const source = new Source(file);
  const spelling = source.read(text);
  return spelling === undefined ? { ok: false, problems: source.problems } : readSpelling(source, spelling);
}

/**
 * Reads a scenario from the plain record that a file would hold. Its problems have no place. Its lines are the numbers of
 * its steps and expectations (1-based).
 */
export function parseRecord(file: string, record: unknown): ParsedScenario {
  const read = readSpelling(new Source(file), record);
  if (!read.ok) return read;
  const { timeline, expectations } = read.scenario;
  const numbers = (list: readonly unknown[]): readonly number[] => list.map((_, index) => index + 1);
  const lines = { stepLines: numbers(timeline), expectationLines: numbers(expectations) };
  return { ok: true, scenario: { ...read.scenario, ...lines } };
}

function readSpelling(source: Source, spelling: unknown): ParsedScenario {
  const decoded = scenarioPart.codec.safeParse(spelling, { error: () => "another value" });
  if (!decoded.success) reportIssues(source, decoded.error.issues, spelling);
  else {
    const scenario = complete(source, spelling, decoded.data);
    if (source.problems.length === 0) return { ok: true, scenario };
  }
  return { ok: false, problems: source.problems };
}

/** Fills in and checks what depends on the whole file. */
function complete(source: Source, spelling: unknown, draft: ScenarioDraft): Scenario {
  const mentions = new Mentions(source);
  scenarioPart.mentions(spelling, [], mentions.tell);
  const world = worldOf(draft);
  const timeline = completeTimeline(source, draft, world);
  const stepTimes = timesOfSteps(draft.timeline, (index) => {
    source.add(["timeline", index, "when", "step"], "a step that does not wait for this one");
  });
  for (const [index, step] of draft.timeline.entries()) {
    const at = timeOfStep(step, stepTimes);
    if (step.when.kind !== "at" && at !== undefined) mentions.tell({ kind: "time", at }, ["timeline", index, "after"]);
  }
  const known = knownOf(world, stepTimes);
  mentions.checkNames(known);
  const until = draft.until ?? endAfter(mentions.lastTime(known));
  mentions.checkTimes(known, until);
  return {
    file: source.file,
    format: draft.format,
    title: draft.title,
    ...(draft.origin === undefined ? {} : { origin: draft.origin }),
    seed: draft.seed,
    world,
    autostart: draft.host.autostart,
    timeline,
    expectations: draft.expect.map((expectation) => closeWindow(expectation, until)),
    until,
    stepLines: draft.timeline.map((_, index) => source.line(["timeline", index])),
    expectationLines: draft.expect.map((_, index) => source.line(["expect", index])),
  };
}

function worldOf({ seed, host: { autostart: _autostart, ...host }, network, fabric }: ScenarioDraft): WorldSpec {
  return { seed, host, network, fabric };
}

/** Steps in file order. A step that cannot be completed is a problem, and is left out. */
function completeTimeline(source: Source, { timeline }: ScenarioDraft, world: WorldSpec): readonly Step[] {
  const actions = timeline.map(({ action }) => action);
  return timeline.flatMap((step, index) => {
    const action: WorldAction | undefined = completeAction(step.action, {
      world,
      actions,
      complain: (path, expected, point) => {
        source.add(["timeline", index, ...path], expected, point);
      },
    });
    return action === undefined ? [] : [{ ...step, action }];
  });
}

function knownOf({ fabric }: WorldSpec, stepTimes: StepTimes): Known {
  const peers = [...fabric.discoveryControllers, ...fabric.subsystems];
  const listeners = new Map(peers.map(({ id, listen }) => [id, listen.length]));
  return { listeners: (peer) => listeners.get(peer), stepTime: (step) => stepTimes.get(step) };
}

function endAfter(last: Milliseconds): Milliseconds {
  const end = later(last, UNTIL_MARGIN);
  return end > TIME_MAX ? TIME_MAX : end;
}
