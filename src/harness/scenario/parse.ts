/** A scenario file, read whole before anything runs. */
import { later, Milliseconds } from "../../core/domain/units.js";
import { UNTIL_MARGIN } from "./defaults.js";
import { type Path, Source } from "./document.js";
import { TIME_MAX } from "./duration.js";
import { reportIssues } from "./issues.js";
import { closeWindow, type OpenExpectation, resolveExpectation } from "./resolve/expectations.js";
import { duration, given, type Peer, Scope } from "./resolve/scope.js";
import { resolveTimeline, type StepTimes, timeOfStep, timesOfSteps } from "./resolve/timeline.js";
import { resolveInterfaces, resolveListen, resolveWorld } from "./resolve/world.js";
import { type FullRecord, scenarioSchema } from "./schema/schema.js";
import type { ParsedScenario, Scenario } from "./types.js";

/**
 * Reads a scenario. It is whole, with every default filled in and every reference known to exist,
 * or there are problems (`PROBLEMS_MAX` at most), each at its place. Never throws on any text.
 */
export function parseScenario(file: string, text: string): ParsedScenario {
  const source = new Source(file);
  const value = source.read(text);
  if (value !== undefined) {
    const scenario = checkScenario(source, value);
    if (scenario !== undefined && source.problems.length === 0) return { ok: true, scenario };
  }
  return { ok: false, problems: source.problems };
}

function checkScenario(source: Source, value: unknown): Scenario | undefined {
  const checked = scenarioSchema.safeParse(value, { error: () => "another value" });
  if (checked.success) return resolveScenario(source, checked.data);
  reportIssues(source, checked.error.issues, value);
  return undefined;
}

function resolveScenario(source: Source, record: FullRecord): Scenario | undefined {
  const scope = gatherNames(source, record);
  const world = resolveWorld(record, scope);
  const timeline = resolveTimeline(record.timeline, scope);
  const whole = timeline.length === record.timeline.length;
  const stepTimes: StepTimes = whole ? timesOfSteps(timeline, scope) : new Map();
  for (const [index, step] of timeline.entries()) {
    const time = timeOfStep(step, stepTimes);
    if (whole && time !== undefined) scope.mention(["timeline", index, step.when.kind === "at" ? "at" : "after"], time);
  }
  const open: OpenExpectation[] = [];
  for (const [index, one] of record.expect.entries()) {
    const expectation = resolveExpectation(one, { scope, stepTimes }, ["expect", index]);
    if (expectation !== undefined) open.push(expectation);
  }
  const until = resolveUntil(scope, record.until);
  scope.endsAt(until);
  return {
    file: source.file,
    format: 1,
    title: record.title,
    ...given({ origin: record.origin }),
    seed: record.seed,
    world,
    autostart: record.host.autostart,
    timeline,
    expectations: open.map((expectation) => closeWindow(expectation, until)),
    until,
    stepLines: record.timeline.map((_, index) => source.line(["timeline", index])),
    expectationLines: record.expect.map((_, index) => source.line(["expect", index])),
  };
}

function resolveUntil(scope: Scope, until: string | undefined): Milliseconds {
  if (until !== undefined) return duration(until);
  const last = Milliseconds(scope.lastTime());
  const end = later(last, UNTIL_MARGIN);
  return end > TIME_MAX ? TIME_MAX : end;
}

/** Gathers what references may point to, and finds names given twice. */
function gatherNames(source: Source, record: FullRecord): Scope {
  const peers = gatherPeers(source, record);
  const devices = new Set<string>();
  for (const [index, controller] of record.host.kernel.controllers.entries()) {
    if ("name" in controller)
      addOnce(source, devices, controller.name, ["host", "kernel", "controllers", index, "name"]);
  }
  const interfaces = new Map<string, string | undefined>();
  for (const [index, { name, mac }] of resolveInterfaces(record.host).entries()) {
    if (interfaces.has(name)) source.add(["host", "interfaces", index, "name"], "a name not given before");
    interfaces.set(name, mac);
  }
  const steps = new Set<string>();
  const announced = new Set<string>();
  for (const [index, { id }] of record.network.responders.entries()) {
    addOnce(source, announced, id, ["network", "responders", index, "id"]);
  }
  for (const [index, { id, interface: added, announce }] of record.timeline.entries()) {
    if (id !== undefined) addOnce(source, steps, id, ["timeline", index, "id"]);
    if (added !== undefined && !interfaces.has(added.name)) interfaces.set(added.name, added.mac);
    if (typeof announce === "object") announced.add(announce.id);
  }
  const responders = new Map(record.network.responders.map((responder) => [responder.id, responder]));
  return new Scope(source, { peers, devices, interfaces, responders, announced, steps });
}

function gatherPeers(source: Source, record: FullRecord): Map<string, Peer> {
  const peers = new Map<string, Peer>();
  const add = (id: string, peer: Peer, path: Path) => {
    if (peers.has(id)) source.add(path, "an id not given before");
    else peers.set(id, peer);
  };
  for (const [index, { id, listen }] of record.fabric["discovery-controllers"].entries()) {
    const peer: Peer = { kind: "discovery-controller", listeners: resolveListen(listen) };
    add(id, peer, ["fabric", "discovery-controllers", index, "id"]);
  }
  for (const [index, { id, listen }] of record.fabric.subsystems.entries()) {
    add(id, { kind: "subsystem", listeners: resolveListen(listen) }, ["fabric", "subsystems", index, "id"]);
  }
  return peers;
}

function addOnce(source: Source, names: Set<string>, name: string, path: Path): void {
  if (names.has(name)) source.add(path, "a name not given before");
  names.add(name);
}
