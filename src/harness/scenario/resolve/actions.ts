/** The action of a step as the simulated world takes it. One function a key. */
import type { WorldAction } from "../../../adapters/sim/actions.js";
import type { MdnsFault, UeventFault } from "../../../adapters/sim/spec.js";
import type { Path } from "../document.js";
import { parseSignedDuration } from "../duration.js";
import { isIn } from "../names.js";
import type { FullRecord } from "../schema/schema.js";
import { ACTION_KEYS, type ActionKey } from "../schema/timeline.js";
import { duration, given, type Scope } from "./scope.js";
import { connectOptions, resolveAnswer, resolveEntries, resolveNameAnswer, resolveResponder } from "./world.js";

export type StepRecord = FullRecord["timeline"][number];

/** A key of a step that names an action. */
type ActionRecord<K extends ActionKey> = NonNullable<StepRecord[K]>;

type Resolvers = { [K in ActionKey]: (record: ActionRecord<K>, scope: Scope, path: Path) => WorldAction | undefined };

const RESOLVERS: Resolvers = {
  link: ({ interface: name, state }, scope, path) => {
    return { kind: "link", hostIface: scope.interface([...path, "interface"], name), state };
  },
  route: ({ to, interface: name, state }, scope, path) => {
    return { kind: "route", to, hostIface: scope.interface([...path, "interface"], name), state };
  },
  listener: ({ id, state, index }, scope, path) => {
    scope.listenerIndex([...path, "index"], scope.peer([...path, "id"], id), index);
    return { kind: "listener", id, state, ...given({ index }) };
  },
  interface: ({ name, mac, addresses }, scope, path) => {
    const known = mac ?? scope.names.interfaces.get(name);
    if (known !== undefined) return { kind: "interface", name, mac: known, addresses };
    scope.source.add([...path, "mac"], "the MAC address of an interface that the host did not have");
    return undefined;
  },
  "remove-interface": (name, scope, path) => ({ kind: "remove-interface", name: scope.interface(path, name) }),
  name: ({ name, answer }) => ({ kind: "name", name, answer: resolveNameAnswer(answer) }),
  uevents: (record) => ({ kind: "uevents", fault: ueventFault(record) }),
  "attributes-after": (delay) => ({ kind: "attributes-after", delay: duration(delay) }),
  "remove-device": (target, scope, path) => ({ kind: "remove-device", target: deviceTarget(target, scope, path) }),
  "trigger-device": (target, scope, path) => ({ kind: "trigger-device", target: deviceTarget(target, scope, path) }),
  "reset-device": (target, scope, path) => ({ kind: "reset-device", target: deviceTarget(target, scope, path) }),
  "add-device": (record, scope, path) => ({
    kind: "add-device",
    to: scope.peer([...path, "to"], record.to),
    madeBy: record["made-by"],
    ...connectOptions(record, scope, path),
  }),
  list: ({ dc, entries }, scope, path) => pageAction("list", dc, entries, scope, path),
  unlist: ({ dc, entries }, scope, path) => ({
    kind: "unlist",
    dc: scope.discoveryController([...path, "dc"], dc),
    entries: entries.map((id, index) => scope.peer([...path, "entries", index], id)),
  }),
  "set-entries": ({ dc, entries }, scope, path) => pageAction("set-entries", dc, entries, scope, path),
  ncc: (record, scope, path) => {
    const dc = scope.discoveryController([...path, "dc"], record.dc);
    const set = "set" in record ? "set" : "clear";
    const ids = "set" in record ? record.set : record.clear;
    return { kind: "ncc", dc, entries: ids.map((id, index) => scope.subsystem([...path, set, index], id)), set };
  },
  aen: (dc, scope, path) => ({ kind: "aen", dc: scope.discoveryController(path, dc) }),
  answers: ({ dc, answers }, scope, path) => ({
    kind: "answers",
    dc: scope.discoveryController([...path, "dc"], dc),
    answers: answers.map(resolveAnswer),
  }),
  "allow-hosts": ({ subsystem, hosts }, scope, path) => ({
    kind: "allow-hosts",
    subsystem: scope.subsystem([...path, "subsystem"], subsystem),
    hosts,
  }),
  announce: (responder, scope, path) => {
    if (typeof responder !== "string") {
      return { kind: "announce", responder: resolveResponder(responder, scope, path) };
    }
    const known = scope.names.responders.get(responder);
    if (known !== undefined) {
      return { kind: "announce", responder: resolveResponder({ ...known, announced: true }, scope, path) };
    }
    scope.source.add(path, "the id of a responder of the network, or a responder");
    return undefined;
  },
  goodbye: (responder, scope, path) => ({ kind: "goodbye", responder: scope.responder(path, responder) }),
  avahi: (state) => ({ kind: "avahi", state }),
  mdns: (record) => ({ kind: "mdns", fault: mdnsFault(record) }),
  datagram: (record, scope, path) => ({
    kind: "datagram",
    hostIface: scope.interface([...path, "interface"], record.interface),
    from: record.from,
    hex: record.hex,
  }),
  "write-file": ({ path, text }) => ({ kind: "write-file", path, text }),
  "remove-file": (path) => ({ kind: "remove-file", path }),
  disk: (state) => ({ kind: "disk", state }),
  start: (process) => ({ kind: "start", process }),
  stop: (process) => ({ kind: "stop", process }),
  kill: (process) => ({ kind: "kill", process }),
  reload: (process) => ({ kind: "reload", process }),
  bus: (state) => ({ kind: "bus", state }),
  "bus-call": ({ service, method, args, uid }) => ({ kind: "bus-call", service, method, args, uid }),
  unit: ({ name, takes }) => ({ kind: "unit", name, takes: duration(takes) }),
  "wall-clock": (step) => {
    const size = parseSignedDuration(step);
    if (size === undefined) throw new TypeError(`the schema let a bad duration pass: ${step}`);
    return { kind: "wall-clock", step: size };
  },
};

function pageAction(
  kind: "list" | "set-entries",
  dc: string,
  entries: ActionRecord<"list">["entries"],
  scope: Scope,
  path: Path,
): WorldAction {
  return {
    kind,
    dc: scope.discoveryController([...path, "dc"], dc),
    entries: resolveEntries(entries, scope, [...path, "entries"]),
  };
}

/** A device name stands for whatever controller has it then; an id must be known. */
function deviceTarget(target: string, scope: Scope, path: Path): string {
  return /^nvme[0-9]+$/.test(target) ? target : scope.peer(path, target);
}

function ueventFault(record: ActionRecord<"uevents">): UeventFault {
  if (record === "pass") return { kind: "pass" };
  if (record === "overflow") return { kind: "overflow" };
  if ("lose" in record) {
    return { kind: "lose", count: record.lose, ...given({ device: record.device, action: record.action }) };
  }
  if ("delay" in record) return { kind: "delay", by: duration(record.delay), count: record.count };
  if ("double" in record) return { kind: "double", count: record.double };
  if ("truncate" in record) return { kind: "truncate", count: record.truncate };
  return { kind: "flood", count: record.flood };
}

function mdnsFault(record: ActionRecord<"mdns">): MdnsFault {
  if (record === "pass") return { kind: "pass" };
  if ("lose" in record) return { kind: "lose", count: record.lose };
  if ("delay" in record) return { kind: "delay", by: duration(record.delay), count: record.count };
  return { kind: "double", count: record.double };
}

/** The keys of a step that name actions. */
export function actionKeys(step: StepRecord): readonly ActionKey[] {
  return Object.keys(step).filter((key): key is ActionKey => isIn(ACTION_KEYS, key));
}

/** What one key of a step does. `undefined`: a problem was added. */
export function resolveAction<K extends ActionKey>(
  key: K,
  step: Pick<StepRecord, K>,
  scope: Scope,
  path: Path,
): WorldAction | undefined {
  const record = step[key];
  if (record === undefined) throw new TypeError(`no ${key} in this step`);
  return RESOLVERS[key](record, scope, [...path, key]);
}
