/** The action of a step as a file spells it. One function a kind; the kind is the key. */
import type { WorldAction } from "../../../adapters/sim/actions.js";
import type { MdnsFault, UeventFault } from "../../../adapters/sim/spec.js";
import { spellDuration, spellSignedDuration } from "../duration.js";
import { given } from "../resolve/scope.js";
import type { ScenarioRecord } from "../schema/schema.js";
import * as w from "./world.js";

type StepRecord = NonNullable<ScenarioRecord["timeline"]>[number];
type Kind = WorldAction["kind"];
type ActionOf = { [K in Kind]: Extract<WorldAction, { kind: K }> };
type Spellers = { [K in Kind]: (action: ActionOf[K]) => NonNullable<StepRecord[K]> };

const SPELLERS: Spellers = {
  link: ({ hostIface, state }) => ({ interface: hostIface, state }),
  route: ({ to, hostIface, state }) => ({ to, interface: hostIface, state }),
  listener: ({ id, state, index }) => ({ id, state, ...given({ index }) }),
  interface: w.interfaceRecord,
  "remove-interface": ({ name }) => name,
  name: ({ name, answer }) => ({ name, answer: w.nameAnswerRecord(answer) }),
  uevents: ({ fault }) => ueventsRecord(fault),
  "attributes-after": ({ delay }) => spellDuration(delay),
  "remove-device": ({ target }) => target,
  "trigger-device": ({ target }) => target,
  "reset-device": ({ target }) => target,
  "add-device": (action) => ({
    to: action.to,
    ...given({ "made-by": w.unless(action.madeBy, "nvme-cli") }),
    ...w.connectRecord(action),
  }),
  list: ({ dc, entries }) => ({ dc, entries: entries.map(w.entryRecord) }),
  unlist: ({ dc, entries }) => ({ dc, entries: [...entries] }),
  "set-entries": ({ dc, entries }) => ({ dc, entries: entries.map(w.entryRecord) }),
  ncc: ({ dc, entries, set }) => (set === "set" ? { dc, set: [...entries] } : { dc, clear: [...entries] }),
  aen: ({ dc }) => dc,
  answers: ({ dc, answers }) => ({ dc, answers: answers.map(w.answerRecord) }),
  "allow-hosts": ({ subsystem, hosts }) => ({ subsystem, hosts: hosts === "any" ? hosts : [...hosts] }),
  announce: ({ responder }) => w.responderRecord(responder),
  goodbye: ({ responder }) => responder,
  avahi: ({ state }) => state,
  mdns: ({ fault }) => mdnsRecord(fault),
  datagram: ({ hostIface, from, hex }) => ({ interface: hostIface, from, hex }),
  "write-file": ({ path, text }) => ({ path, text }),
  "remove-file": ({ path }) => path,
  disk: ({ state }) => state,
  start: ({ process }) => process,
  stop: ({ process }) => process,
  kill: ({ process }) => process,
  reload: ({ process }) => process,
  bus: ({ state }) => state,
  "bus-call": ({ service, method, args, uid }) => ({
    service,
    method,
    ...given({ args: w.some(args), uid: w.unless(uid, 0) }),
  }),
  unit: ({ name, takes }) => ({ name, takes: spellDuration(takes) }),
  "wall-clock": ({ step }) => spellSignedDuration(step),
};

/** The one key of a step that says what is done. */
export function actionPart(action: WorldAction): Partial<Pick<StepRecord, Kind>> {
  return { [action.kind]: spell(action.kind, action) };
}

function spell<K extends Kind>(kind: K, action: ActionOf[K]): NonNullable<StepRecord[K]> {
  return SPELLERS[kind](action);
}

function ueventsRecord(fault: UeventFault): NonNullable<StepRecord["uevents"]> {
  switch (fault.kind) {
    case "pass":
    case "overflow":
      return fault.kind;
    case "lose":
      return { lose: fault.count, ...given({ device: fault.device, action: fault.action }) };
    case "delay":
      return { delay: spellDuration(fault.by), ...given({ count: w.unless(fault.count, 1) }) };
    case "double":
      return { double: fault.count };
    case "truncate":
      return { truncate: fault.count };
    case "flood":
      return { flood: fault.count };
  }
}

function mdnsRecord(fault: MdnsFault): NonNullable<StepRecord["mdns"]> {
  switch (fault.kind) {
    case "pass":
      return fault.kind;
    case "lose":
      return { lose: fault.count };
    case "double":
      return { double: fault.count };
    case "delay":
      return { delay: spellDuration(fault.by), ...given({ count: w.unless(fault.count, 1) }) };
  }
}
