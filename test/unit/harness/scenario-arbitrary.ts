/** Any scenario that the parser could have made. */
import fc from "fast-check";
import type { WorldAction } from "../../../src/adapters/sim/actions.js";
import type { ResponderSpec } from "../../../src/adapters/sim/spec.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { BUS_METHODS, LIFE_STATES, REPLIED_CALLS, UNREPLIED_CALLS } from "../../../src/harness/scenario/names.js";
import type {
  Condition,
  Counted,
  Expectation,
  ScenarioBody,
  Step,
  Trigger,
} from "../../../src/harness/scenario/types.js";
import {
  DCS,
  VOLUMES,
  PEERS,
  IFACES,
  UNTIL,
  ms,
  dc,
  volume,
  peer,
  iface,
  small,
  text,
  linkState,
  listenerState,
  service,
  target,
  prefixed,
  mac,
  nqn,
  listen,
  answer,
  nameAnswer,
  line,
  responder,
  connect,
  connectOptional,
  fault,
  path,
  entries,
} from "./scenario-arbitrary-parts.js";

/** One arbitrary for each kind of action. */
export const ACTIONS: { [K in WorldAction["kind"]]: fc.Arbitrary<Extract<WorldAction, { kind: K }>> } = {
  link: fc.record({ kind: fc.constant("link"), hostIface: iface, state: linkState }),
  route: fc.record({ kind: fc.constant("route"), to: prefixed, hostIface: iface, state: linkState }),
  listener: fc.record(
    { kind: fc.constant("listener"), id: peer, state: listenerState, index: fc.constant(0) },
    { requiredKeys: ["kind", "id", "state"] },
  ),
  interface: fc.record({
    kind: fc.constant("interface"),
    name: fc.constantFrom("eth1", "eth7"),
    mac,
    addresses: fc.array(prefixed, { maxLength: 2 }),
  }),
  "remove-interface": fc.record({ kind: fc.constant("remove-interface"), name: iface }),
  name: fc.record({ kind: fc.constant("name"), name: line, answer: nameAnswer }),
  uevents: fc.record({ kind: fc.constant("uevents"), fault }),
  "attributes-after": fc.record({ kind: fc.constant("attributes-after"), delay: ms }),
  "remove-device": fc.record({ kind: fc.constant("remove-device"), target: fc.oneof(peer, fc.constant("nvme3")) }),
  "trigger-device": fc.record({ kind: fc.constant("trigger-device"), target: peer }),
  "reset-device": fc.record({ kind: fc.constant("reset-device"), target: peer }),
  "add-device": fc.record(
    { kind: fc.constant("add-device"), ...connect, ...connectOptional },
    { requiredKeys: ["kind", "to", "madeBy"] },
  ),
  list: fc.record({ kind: fc.constant("list"), dc, entries }),
  unlist: fc.record({ kind: fc.constant("unlist"), dc, entries: fc.array(peer, { minLength: 1, maxLength: 3 }) }),
  "set-entries": fc.record({ kind: fc.constant("set-entries"), dc, entries }),
  ncc: fc.record({
    kind: fc.constant("ncc"),
    dc,
    entries: fc.array(volume, { minLength: 1, maxLength: 2 }),
    set: fc.constantFrom("set", "clear"),
  }),
  aen: fc.record({ kind: fc.constant("aen"), dc }),
  answers: fc.record({ kind: fc.constant("answers"), dc, answers: fc.array(answer, { maxLength: 2 }) }),
  "allow-hosts": fc.record({
    kind: fc.constant("allow-hosts"),
    subsystem: volume,
    hosts: fc.oneof(fc.constant("any" as const), fc.array(nqn, { maxLength: 2 })),
  }),
  announce: fc.record({ kind: fc.constant("announce"), responder }),
  goodbye: fc.record({ kind: fc.constant("goodbye"), responder: fc.constant("base") }),
  avahi: fc.record({ kind: fc.constant("avahi"), state: fc.constantFrom("up", "down") }),
  mdns: fc.record({
    kind: fc.constant("mdns"),
    fault: fc.oneof(
      fc.record({ kind: fc.constant("pass" as const) }),
      fc.record({ kind: fc.constantFrom("lose" as const, "double" as const), count: small }),
      fc.record({ kind: fc.constant("delay" as const), by: ms, count: small }),
    ),
  }),
  datagram: fc.record({
    kind: fc.constant("datagram"),
    hostIface: iface,
    from: fc.constantFrom("192.168.1.9", "fe80::9"),
    hex: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("hex")),
  }),
  "write-file": fc.record({ kind: fc.constant("write-file"), path, text }),
  "remove-file": fc.record({ kind: fc.constant("remove-file"), path }),
  disk: fc.record({ kind: fc.constant("disk"), state: fc.constantFrom("ok", "full", "torn") }),
  start: fc.record({ kind: fc.constant("start"), process: target }),
  stop: fc.record({ kind: fc.constant("stop"), process: target }),
  kill: fc.record({ kind: fc.constant("kill"), process: target }),
  reload: fc.record({ kind: fc.constant("reload"), process: target }),
  bus: fc.record({ kind: fc.constant("bus"), state: fc.constantFrom("up", "down") }),
  "bus-call": fc.record({
    kind: fc.constant("bus-call"),
    service,
    method: line,
    args: fc.array(fc.oneof(text, fc.boolean()), { maxLength: 3 }),
    uid: fc.integer({ min: 0, max: 2_000 }),
  }),
  unit: fc.record({ kind: fc.constant("unit"), name: line, takes: ms }),
  "wall-clock": fc.record({
    kind: fc.constant("wall-clock"),
    step: fc.integer({ min: -UNTIL, max: UNTIL }).map((value) => Milliseconds(value)),
  }),
};

const action: fc.Arbitrary<WorldAction> = fc.oneof(...Object.values(ACTIONS));

const ref = fc.record({ id: fc.constantFrom(...PEERS, "nvme9"), hostIface: iface }, { requiredKeys: ["id"] });
const refs = fc.array(ref, { maxLength: 3 });
const nth = fc.integer({ min: 1, max: 9 });
const call = fc.constantFrom(...REPLIED_CALLS, ...UNREPLIED_CALLS, ...BUS_METHODS);

const trigger: fc.Arbitrary<Trigger> = fc.oneof(
  fc.record({ kind: fc.constant("at" as const), at: ms }),
  fc.record({ kind: fc.constant("step" as const), step: fc.constant("first") }),
  fc.record({ kind: fc.constant("call" as const), call, phase: fc.constantFrom("before", "after"), nth }),
  fc.record({
    kind: fc.constant("call" as const),
    call: fc.constantFrom(...REPLIED_CALLS, ...BUS_METHODS),
    phase: fc.constant("before-reply" as const),
    nth,
  }),
  fc.record(
    {
      kind: fc.constant("uevent" as const),
      action: fc.constantFrom("add", "change", "remove"),
      device: line,
      event: line,
      nth,
    },
    { requiredKeys: ["kind", "nth"] },
  ),
  fc.record({
    kind: fc.constantFrom("connected" as const, "disconnected" as const, "connect-begin" as const),
    controller: ref,
    nth,
  }),
  fc.record({ kind: fc.constant("file-written" as const), path, nth }),
);

const step: fc.Arbitrary<Step> = fc
  .record({ when: trigger, after: ms, action })
  .map((one) => (one.when.kind === "at" ? { ...one, after: Milliseconds(0) } : one));

const range = fc.tuple(ms, ms).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a }));
const bound = fc.record({ kind: fc.constantFrom("is", "at-most", "at-least"), count: fc.nat(1_000) });

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant("link" as const), hostIface: iface, state: linkState }),
  fc.record({ kind: fc.constant("listener" as const), id: peer, state: listenerState }),
  fc.record({ kind: fc.constant("process" as const), name: service, running: fc.boolean() }),
);

const counted: fc.Arbitrary<Counted> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("connects" as const, "disconnects" as const, "probes" as const, "log-reads" as const),
    controller: ref,
  }),
  fc.record(
    { kind: fc.constant("registrations" as const), dc, symname: fc.constantFrom("", "rack 7") },
    { requiredKeys: ["kind", "dc"] },
  ),
  fc.record({ kind: fc.constant("calls" as const), call }),
  fc.record({ kind: fc.constant("reconciles" as const), service }),
  fc.record({ kind: fc.constant("unit-restarts" as const), matches: fc.constantFrom("a|b", "\\d+", "true") }),
  fc.record({ kind: fc.constant("crashes" as const), process: target }),
);

/** One arbitrary for each kind of expectation. */
export const EXPECTATIONS: { [K in Expectation["kind"]]: fc.Arbitrary<Extract<Expectation, { kind: K }>> } = {
  connected: fc.record({ kind: fc.constant("connected"), at: ms, connected: refs, exactly: fc.boolean() }),
  disconnected: fc.record({ kind: fc.constant("disconnected"), at: ms, disconnected: refs }),
  throughout: fc.record({ kind: fc.constant("throughout"), during: range, connected: refs }),
  within: fc.record({
    kind: fc.constant("within"),
    within: range,
    of: fc.constant("first"),
    becomes: fc.constantFrom("connected", "disconnected"),
    controllers: refs,
  }),
  never: fc.record(
    {
      kind: fc.constant("never"),
      what: fc.constantFrom("connect", "disconnect"),
      controllers: refs,
      while: condition,
      window: range,
    },
    { requiredKeys: ["kind", "what", "controllers", "window"] },
  ),
  count: fc.record({ kind: fc.constant("count"), counted, bound, window: range }),
  log: fc.record(
    {
      kind: fc.constant("log"),
      level: fc.constantFrom("debug", "error"),
      matches: fc.constantFrom("a|b", "\\d+", "true"),
      bound,
      window: range,
    },
    { requiredKeys: ["kind", "bound", "window"] },
  ),
  state: fc.record({
    kind: fc.constant("state"),
    at: ms,
    controller: ref,
    service,
    state: fc.constantFrom(...LIFE_STATES, "absent"),
  }),
  file: fc
    .record(
      { kind: fc.constant("file"), at: ms, path, exists: fc.boolean(), contains: line },
      { requiredKeys: ["kind", "at", "path", "exists"] },
    )
    .map(({ contains, ...file }) => (file.exists && contains !== undefined ? { ...file, contains } : file)),
  process: fc
    .record(
      { kind: fc.constant("process"), at: ms, name: service, running: fc.boolean(), status: fc.nat(255) },
      { requiredKeys: ["kind", "at", "name", "running"] },
    )
    .map(({ status, ...process }) => (!process.running && status !== undefined ? { ...process, status } : process)),
  settled: fc.record({ kind: fc.constant("settled"), by: ms }),
};

const expectation: fc.Arbitrary<Expectation> = fc.oneof(...Object.values(EXPECTATIONS));

const host = fc.record({
  kernel: fc.record({
    version: fc.constantFrom("5.14", "6.1", "6.12"),
    controllers: fc.array(
      fc.record(
        {
          kind: fc.constant("connected" as const),
          ...connect,
          ...connectOptional,
          state: fc.constantFrom("live", "connecting"),
        },
        { requiredKeys: ["kind", "to", "madeBy", "state"] },
      ),
      { maxLength: 2 },
    ),
    ueventBuffer: small,
    attributesAfter: ms,
    jitter: fc.constantFrom(0, 0.25, 1),
  }),
  nqn,
  id: line,
  name: line,
  processes: fc.constantFrom("one", "two"),
  nvmeCli: fc.constantFrom("absent", "udev-rule"),
  files: fc.dictionary(path, text),
  binaryFiles: fc.dictionary(path, fc.constantFrom("", "4e424654")),
});

/** Device that every scenario has, so that expectations can refer to it. */
const DEVICE = {
  kind: "sysfs",
  madeBy: "bios",
  name: "nvme9",
  attributes: { state: "live\n", model: "a \n\n", serial: "\n" },
} as const;

const BASE_RESPONDER: ResponderSpec = {
  id: "base",
  hostIface: "eth0",
  instance: "base",
  type: "_nvme-disc._tcp",
  hostName: "base.local",
  addresses: [],
  port: 8009,
  txt: ["p=tcp"],
  ttl: Milliseconds(4_500_000),
  announced: true,
};

/** Any scenario: two discovery controllers, two subsystems, two interfaces, and all kinds of steps and expectations. */
export const anyScenario: fc.Arbitrary<ScenarioBody> = fc
  .record({
    title: line,
    origin: fc.option(line, { nil: undefined }),
    seed: fc.integer({ min: 0, max: 0xffff_ffff }),
    autostart: fc.boolean(),
    host,
    macs: fc.tuple(mac, mac),
    links: fc
      .subarray([...IFACES])
      .chain((names) =>
        fc.tuple(
          ...names.map((hostIface) => fc.record({ hostIface: fc.constant(hostIface), state: linkState, latency: ms })),
        ),
      ),
    routes: fc.array(fc.record({ to: prefixed, hostIface: iface, state: linkState }), { maxLength: 2 }),
    names: fc.dictionary(fc.constantFrom("a.example", "404", "b"), nameAnswer),
    avahi: fc.constantFrom("up", "down", "absent"),
    dcs: fc.tuple(
      ...DCS.map((id) =>
        fc.record(
          {
            id: fc.constant(id),
            kind: fc.constantFrom("plain", "cdc", "ddc"),
            listen: fc.array(listen, { minLength: 1, maxLength: 2 }),
            nqn,
            entries,
            answers: fc.array(answer, { maxLength: 2 }),
            pleo: fc.boolean(),
            extdlpes: fc.boolean(),
            padding: fc.constantFrom("nul", "space"),
          },
          { requiredKeys: ["id", "kind", "listen", "entries", "answers", "pleo", "extdlpes", "padding"] },
        ),
      ),
    ),
    volumes: fc.tuple(
      ...VOLUMES.map((id) =>
        fc.record(
          {
            id: fc.constant(id),
            nqn,
            listen: fc.array(listen, { minLength: 1, maxLength: 3 }),
            allowedHosts: fc.array(nqn, { maxLength: 2 }),
            namespaces: fc.nat(5),
          },
          { requiredKeys: ["id", "nqn", "listen", "namespaces"] },
        ),
      ),
    ),
    steps: fc.array(step, { maxLength: 6 }),
    expectations: fc.array(expectation, { maxLength: 6 }),
  })
  .map((given) => {
    const first: Step = {
      id: "first",
      when: { kind: "at", at: Milliseconds(0) },
      after: Milliseconds(0),
      action: { kind: "start", process: "both" },
    };
    return {
      format: 1,
      title: given.title,
      ...(given.origin === undefined ? {} : { origin: given.origin }),
      seed: given.seed,
      autostart: given.autostart,
      world: {
        seed: given.seed,
        host: {
          ...given.host,
          kernel: { ...given.host.kernel, controllers: [DEVICE, ...given.host.kernel.controllers] },
          interfaces: IFACES.map((name, index) => ({
            name,
            mac: given.macs[index] ?? "",
            addresses: ["192.168.1.10/24"],
          })),
        },
        network: {
          links: given.links,
          routes: given.routes,
          names: given.names,
          responders: [BASE_RESPONDER],
          avahi: given.avahi,
        },
        fabric: { discoveryControllers: given.dcs, subsystems: given.volumes },
      },
      timeline: [first, ...given.steps],
      expectations: given.expectations,
      until: Milliseconds(2 * UNTIL),
    };
  });
