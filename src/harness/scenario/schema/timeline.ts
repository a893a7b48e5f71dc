/** Steps of the time line as a file spells them. */
import { z } from "zod";
import { BUS_METHODS, REPLIED_CALLS, UNREPLIED_CALLS } from "../names.js";
import * as p from "./parts.js";
import * as w from "./world.js";

const ids = p.list(p.id, "a list of ids").min(1, { error: "at least one id" });
const entries = p.list(w.entry, "a list of log page entries");
const target = p
  .text("the id of a peer, or a device name such as nvme3", /^[A-Za-z][A-Za-z0-9_-]{0,63}$/)
  .describe("A peer's id (every controller to it), or a device name such as nvme3.");
const times = p.integer(1, 1_000_000);

const uevents = p.oneOf("pass, overflow, or one of { lose }, { delay }, { double }, { truncate }, { flood }", [
  p.choice(["pass", "overflow"]),
  p.record({
    lose: times.describe("How many of the next uevents are lost."),
    device: p.line("a device name").optional().describe("Only those of this device."),
    action: p.line("a uevent action").optional().describe("Only those with this action: add, change, remove."),
  }),
  p.record({ delay: p.duration, count: times.default(1) }),
  p.record({ double: times }),
  p.record({ truncate: times }),
  p.record({ flood: times.describe("Uevents of other devices, all at once.") }),
]);

const mdns = p.oneOf("pass, or one of { lose }, { delay }, { double }", [
  p.choice(["pass"]),
  p.record({ lose: times.describe("How many of the next datagrams are lost.") }),
  p.record({ delay: p.duration, count: times.default(1) }),
  p.record({ double: times }),
]);

const ncc = p.oneOf("{ dc: ID, set: [IDS] } or { dc: ID, clear: [IDS] }", [
  p.record({ dc: p.id, set: ids }),
  p.record({ dc: p.id, clear: ids }),
]);

/** Every thing that can be done to the world: the keys are those of a step. */
export const actions = {
  link: p.record(w.linkFields).describe("A link changes."),
  route: p.record(w.routeFields).describe("A route changes."),
  listener: p
    .record({ id: p.id, state: p.listenerState, index: p.integer(0, 255).optional() })
    .describe("A peer's listening address changes; all of them without index (0-based)."),
  interface: p.record(w.interfaceFields).describe("An interface appears, or gets these addresses."),
  "remove-interface": p.iface.describe("An interface vanishes."),
  name: p
    .record({ name: p.line("a host name"), answer: w.nameAnswer })
    .describe("What the resolver answers for a name changes."),
  uevents: uevents.describe("What becomes of the next uevents on their way to the daemon."),
  "attributes-after": p.duration.describe("From now on, attributes fill in this long after `add`."),
  "remove-device": target.describe("The kernel deletes a controller."),
  "trigger-device": target.describe("Somebody asks for its `add` event anew, as udevadm trigger does."),
  "reset-device": target.describe("A controller is reset."),
  "add-device": p
    .record({ ...w.connectFields, "made-by": p.madeBy.default("nvme-cli") })
    .describe("Somebody else connects."),
  list: p.record({ dc: p.id, entries }).describe("Entries are added to a log page."),
  unlist: p.record({ dc: p.id, entries: ids }).describe("Entries for these ids leave a log page."),
  "set-entries": p.record({ dc: p.id, entries }).describe("A log page is replaced."),
  ncc: ncc.describe("The NCC bit of entries is set or cleared."),
  aen: p.id.describe("A discovery controller sends an AEN, subject to masking."),
  answers: p
    .record({ dc: p.id, answers: p.list(w.answer, "a list of answers") })
    .describe("How a discovery controller answers from now on."),
  "allow-hosts": p
    .record({ subsystem: p.id, hosts: p.oneOf("any, or a list of host NQNs", [p.choice(["any"]), w.allowedHosts]) })
    .describe("Which hosts a subsystem accepts."),
  announce: p
    .oneOf("the id of a responder, or a responder", [p.id, w.responder])
    .describe("A service is announced over mDNS."),
  goodbye: p.id.describe("A responder says goodbye."),
  avahi: p.upDown.describe("Avahi starts or stops."),
  mdns: mdns.describe("What becomes of the next mDNS datagrams on their way to the daemon."),
  datagram: p
    .record({
      interface: p.iface,
      from: p.address.describe("Source address."),
      hex: p.text("bytes in hex, at most 9000", /^([0-9a-f]{2}){0,9000}$/).describe("The bytes, in hex."),
    })
    .describe("Somebody on a link sends an mDNS datagram of any content."),
  "write-file": p
    .record({ path: p.path, text: z.string({ error: "the text of the file" }) })
    .describe("A file is written."),
  "remove-file": p.path.describe("A file is removed."),
  disk: p
    .choice(["ok", "full", "torn"])
    .describe("full: writes fail with ENOSPC; torn: a kill in mid-write leaves the temporary file torn."),
  start: p.processTarget.describe("A daemon starts."),
  stop: p.processTarget.describe("A daemon is asked to stop."),
  kill: p.processTarget.describe("A daemon is killed (kill -9)."),
  reload: p.processTarget.describe("A daemon is asked to reload its configuration."),
  bus: p.upDown.describe("The system bus comes or goes."),
  "bus-call": p
    .record({
      service: p.service,
      method: p.line("the name of a method"),
      args: p
        .list(p.oneOf("text, true or false", [z.string(), z.boolean()]), "a list of text and booleans")
        .default([]),
      uid: p.integer(0, 0xffff_fffe).default(0),
    })
    .describe("A client calls a method."),
  unit: p
    .record({ name: p.line("the name of a unit"), takes: p.duration })
    .describe("Jobs of a systemd unit take this long."),
  "wall-clock": p.signedDuration.describe("The wall clock steps."),
};

export type ActionKey = keyof typeof actions;

const callName = p.choice([...REPLIED_CALLS, ...UNREPLIED_CALLS, ...BUS_METHODS]);

const nth = p.integer(1, 1_000_000).default(1).describe("At which occurrence (1: the first).");

/** What a step can wait for. */
const trigger = p.oneOf(
  "one of { call }, { step }, { uevent }, { connected }, { disconnected }, { connect-begin }, { file-written }",
  [
    p.record({
      call: callName.describe("A call on a port, or a bus method that a client called."),
      phase: p.choice(["before", "before-reply", "after"]).default("after"),
      nth,
    }),
    p.record({ step: p.id.describe("The step with this id was carried out.") }),
    p.record({
      uevent: p.record({
        action: p.choice(["add", "change", "remove"]).optional(),
        device: p.line("a device name").optional(),
        event: p.line("an NVME_EVENT").optional().describe("NVME_EVENT: connected, rediscover; or NVME_AEN: 0x70f002."),
      }),
      nth,
    }),
    p.record({ connected: p.controllerRef.describe("A controller to it became live."), nth }),
    p.record({ disconnected: p.controllerRef.describe("A controller to it was removed."), nth }),
    p.record({ "connect-begin": p.controllerRef.describe("A connect to it entered the kernel."), nth }),
    p.record({ "file-written": p.path.describe("This file was written."), nth }),
  ],
);

/** The keys of the actions, in the order of this file. */
export const ACTION_KEYS = Object.keys(actions).filter((key): key is ActionKey => Object.hasOwn(actions, key));

/** A step: when, and one action. */
export const step = p
  .record({
    id: p.id.optional().describe("A name for this step."),
    at: p.duration.optional().describe("Time since the start."),
    when: trigger.optional().describe("An event to wait for, instead of a time. The step happens once."),
    after: p.duration.optional().describe("How long after `when`."),
    ...z.object(actions).partial().shape,
  })
  .meta({
    id: "step",
    description: "One thing done to the world: at or when, and exactly one action.",
    allOf: [
      { oneOf: [{ required: ["at"] }, { required: ["when"] }] },
      { oneOf: ACTION_KEYS.map((key) => ({ required: [key] })) },
    ],
  });
