/** Generates small worlds: a few peers, and a few things that go wrong with them. */
import fc from "fast-check";
import type { WorldAction } from "../../src/adapters/sim/actions.js";
import type {
  DiscoveryControllerSpec,
  ListenerState,
  MdnsFault,
  ResponderSpec,
  SubsystemSpec,
  UeventFault,
} from "../../src/adapters/sim/spec.js";
import { KERNEL_VERSIONS } from "../../src/adapters/sim/spec.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import type { Scenario, Step } from "../../src/harness/scenario/types.js";

/** How long the run continues after the last step, so that it still shows the effects. */
const AFTERMATH_MS = 70_000;
const LAST_STEP_MS = 120_000;

const HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:33333333-3333-4333-8333-333333333333";

const listenerState = fc.constantFrom<ListenerState>(
  "up",
  "up",
  "refuses",
  "silent",
  "closes",
  "garbage",
  "unreachable",
);

const dcIds = ["dc1", "dc2"] as const;
const volumeIds = ["vol1", "vol2", "vol3"] as const;

function subsystem(id: string, index: number, state: ListenerState): SubsystemSpec {
  const listen = [{ transport: "tcp", traddr: `192.168.1.${String(30 + index)}`, trsvcid: "4420", state }] as const;
  return { id, nqn: `nqn.2024-01.io.example:${id}`, listen, namespaces: 1 };
}

function discovery(
  id: string,
  index: number,
  state: ListenerState,
  listed: readonly string[],
  manner: Manner,
): DiscoveryControllerSpec {
  const listen = [{ transport: "tcp", traddr: `192.168.1.${String(20 + index)}`, trsvcid: "8009", state }] as const;
  const entries = listed.map((volume) => ({ kind: "subsystem", id: volume, ncc: false }) as const);
  return { id, listen, entries, padding: "nul", ...manner };
}

/** What a discovery controller knows of TP8010, and how it behaves. */
type Manner = Pick<DiscoveryControllerSpec, "kind" | "pleo" | "extdlpes" | "answers">;

const manner: fc.Arbitrary<Manner> = fc.record({
  kind: fc.constantFrom("plain", "cdc", "ddc"),
  pleo: fc.boolean(),
  extdlpes: fc.boolean(),
  answers: fc.constantFrom<Manner["answers"]>(
    [],
    [],
    [{ opcode: 0x21, status: 0x6002 }],
    [{ opcode: 0x21, errno: 4, times: 2 }],
    [{ opcode: 0x21, after: Milliseconds(40_000), times: 1 }],
    [{ lid: 0, status: 0x6002 }],
    [{ lid: 0x70, status: 0x6002, times: 2 }],
    [{ lid: 0x70, genctrMoves: 3 }],
  ),
});

const fault: fc.Arbitrary<UeventFault> = fc.oneof(
  fc.record({ kind: fc.constant("lose" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant("double" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant("truncate" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant("delay" as const),
    by: fc.integer({ min: 1, max: 5000 }).map(Milliseconds),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  fc.constant({ kind: "overflow" as const }),
  fc.record({ kind: fc.constant("flood" as const), count: fc.integer({ min: 1, max: 50 }) }),
);

/** r1 announces the address of the first discovery controller, r2 one where nothing listens. */
function responder(id: "r1" | "r2", announced: boolean): ResponderSpec {
  const addresses = id === "r1" ? ["192.168.1.20"] : ["192.168.1.29"];
  const common = { hostIface: "eth0", hostName: `${id}.local`, port: 8009, ttl: Milliseconds(20_000), announced };
  return {
    id,
    instance: id,
    type: "_nvme-disc._tcp",
    txt: ["p=tcp"],
    addresses,
    hosts: 1,
    additional: true,
    ...common,
  };
}

const responderId = fc.constantFrom("r1" as const, "r2" as const);

const mdnsFault: fc.Arbitrary<MdnsFault> = fc.oneof(
  fc.record({ kind: fc.constantFrom("lose" as const, "double" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant("delay" as const),
    by: fc.integer({ min: 1, max: 3000 }).map(Milliseconds),
    count: fc.integer({ min: 1, max: 4 }),
  }),
);

const peerId = fc.constantFrom(...dcIds, ...volumeIds);
const dcId = fc.constantFrom(...dcIds);
const volumeId = fc.constantFrom(...volumeIds);
const target = fc.constantFrom("staf" as const, "stac" as const, "both" as const);

export const action: fc.Arbitrary<WorldAction> = fc.oneof(
  fc.record({ kind: fc.constant("listener" as const), id: peerId, state: listenerState }),
  fc.record({ kind: fc.constant("remove-device" as const), target: peerId }),
  fc.record({ kind: fc.constant("reset-device" as const), target: peerId }),
  fc.record({ kind: fc.constant("trigger-device" as const), target: peerId }),
  fc.record({
    kind: fc.constant("add-device" as const),
    to: peerId,
    madeBy: fc.constantFrom("nvme-cli" as const, "administrator" as const),
  }),
  // To the daemon it belongs to another host, so the daemon hands its news on.
  fc.record({
    kind: fc.constant("add-device" as const),
    to: dcId,
    madeBy: fc.constant("nvme-cli" as const),
    hostNqn: fc.constant("nqn.2014-08.org.nvmexpress:uuid:44444444-4444-4444-8444-444444444444"),
    hostId: fc.constant("44444444-4444-4444-8444-444444444444"),
  }),
  fc.record({
    kind: fc.constant("list" as const),
    dc: dcId,
    entries: volumeId.map((id) => [{ kind: "subsystem" as const, id, ncc: false }]),
  }),
  fc.record({ kind: fc.constant("unlist" as const), dc: dcId, entries: volumeId.map((id) => [id]) }),
  fc.record({
    kind: fc.constant("link" as const),
    hostIface: fc.constant("eth0"),
    state: fc.constantFrom("up" as const, "down" as const, "silent" as const),
  }),
  fc.record({ kind: fc.constant("uevents" as const), fault }),
  fc.record({ kind: fc.constant("announce" as const), responder: responderId.map((id) => responder(id, true)) }),
  fc.record({ kind: fc.constant("goodbye" as const), responder: responderId }),
  fc.record({ kind: fc.constant("avahi" as const), state: fc.constantFrom("up" as const, "down" as const) }),
  fc.record({ kind: fc.constant("mdns" as const), fault: mdnsFault }),
  fc.record({
    kind: fc.constantFrom("kill" as const, "stop" as const, "start" as const, "reload" as const),
    process: target,
  }),
  fc.record({ kind: fc.constant("bus" as const), state: fc.constantFrom("up" as const, "down" as const) }),
  fc.record({
    kind: fc.constant("disk" as const),
    state: fc.constantFrom("ok" as const, "full" as const, "torn" as const),
  }),
  fc.record({
    kind: fc.constant("wall-clock" as const),
    step: fc.integer({ min: -90_000, max: 90_000 }).map(Milliseconds),
  }),
);

function stepAt(at: number, does: WorldAction): Step {
  return { when: { kind: "at", at: Milliseconds(at) }, after: Milliseconds(0), action: does };
}

/** Any time, but more often during the start, when most is in flight. */
const time = fc.oneof(fc.integer({ min: 0, max: LAST_STEP_MS }), fc.integer({ min: 0, max: 4000 }));
const soon = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 6000 }));

/** A process dies or stops, and starts again soon. */
const restart = fc
  .record({ at: time, how: fc.constantFrom("kill" as const, "stop" as const), process: target, pause: soon })
  .map(({ at, how, process, pause }) => [
    stepAt(at, { kind: how, process }),
    stepAt(at + pause, { kind: "start", process }),
  ]);

const FIRST_DC = "controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009\n";
const SECOND_DC = "controller = transport=tcp;traddr=192.168.1.21;trsvcid=8009\n";

const PERSISTENCE = "[Discovery controller connection management]\n";

const configuration = fc.constantFrom<readonly [string, string]>(
  ["/etc/stas/stafd.conf", `[Controllers]\n${FIRST_DC}`],
  ["/etc/stas/stafd.conf", `[Controllers]\n${FIRST_DC}${SECOND_DC}`],
  ["/etc/stas/stafd.conf", `[Controllers]\n${FIRST_DC}exclude = traddr=192.168.1.21\n`],
  ["/etc/stas/stafd.conf", "[Service Discovery]\nzeroconf = disabled\n"],
  ["/etc/stas/stafd.conf", "[Service Discovery]\nmdns-provider = builtin\nzeroconf-goodbye = purge\n"],
  ["/etc/stas/stafd.conf", `${PERSISTENCE}zeroconf-connections-persistence = 20\n[Controllers]\n${SECOND_DC}`],
  ["/etc/stas/stafd.conf", `${PERSISTENCE}zeroconf-connections-persistence = 0\n`],
  ["/etc/stas/stafd.conf", "[Control"],
  ["/etc/stas/stacd.conf", "[Controllers]\nexclude = traddr=192.168.1.30\n"],
  ["/etc/stas/stacd.conf", "[Controllers]\n"],
);

/** A file changes, and a reload follows soon. */
const reconfigure = fc
  .record({ at: time, file: configuration, pause: soon })
  .map(({ at, file: [path, text], pause }) => [
    stepAt(at, { kind: "write-file", path, text }),
    stepAt(at + pause, { kind: "reload", process: "both" }),
  ]);

const happening: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ at: time, action }).map(({ at, action: does }) => [stepAt(at, does)]) },
  { weight: 1, arbitrary: restart },
  { weight: 1, arbitrary: reconfigure },
);

/** Scenarios without expectations: only the oracles judge them. */
export const smallWorld: fc.Arbitrary<Scenario> = fc
  .record({
    seed: fc.integer({ min: 0, max: 1_000_000 }),
    version: fc.constantFrom(...KERNEL_VERSIONS),
    processes: fc.constantFrom("one" as const, "two" as const),
    nvmeCli: fc.constantFrom("absent" as const, "udev-rule" as const),
    jitter: fc.constantFrom(0, 0.3),
    dcs: fc.tuple(listenerState, listenerState),
    manners: fc.tuple(manner, manner),
    volumes: fc.tuple(listenerState, listenerState, listenerState),
    listed: fc.tuple(fc.subarray([...volumeIds]), fc.subarray([...volumeIds])),
    attributesAfter: fc.constantFrom(0, 0, 300, 1500, 5000).map(Milliseconds),
    announced: fc.tuple(fc.boolean(), fc.boolean()),
    avahi: fc.constantFrom("up" as const, "up" as const, "absent" as const),
    configured: fc.constantFrom(`${FIRST_DC}${SECOND_DC}`, `${FIRST_DC}${SECOND_DC}`, SECOND_DC, ""),
    timeline: fc.array(happening, { maxLength: 8 }).map((steps) => steps.flat()),
  })
  .map(
    ({
      seed,
      version,
      processes,
      nvmeCli,
      jitter,
      dcs,
      manners,
      volumes,
      listed,
      attributesAfter,
      timeline,
      ...given
    }) => ({
      format: 1,
      file: "generated",
      title: "A generated small world",
      seed,
      autostart: true,
      expectations: [],
      expectationLines: [],
      timeline,
      stepLines: timeline.map(() => 0),
      until: Milliseconds(LAST_STEP_MS + AFTERMATH_MS),
      world: {
        seed,
        host: {
          kernel: { version, controllers: [], ueventBuffer: 512, attributesAfter, jitter },
          nqn: HOST_NQN,
          id: "33333333-3333-4333-8333-333333333333",
          name: "host1",
          processes,
          nvmeCli,
          interfaces: [{ name: "eth0", mac: "52:54:00:00:00:01", addresses: ["192.168.1.10/24"] }],
          binaryFiles: {},
          files: {
            "/etc/stas/stafd.conf": `[Controllers]\n${given.configured}`,
          },
        },
        network: {
          links: [],
          routes: [],
          names: {},
          responders: [responder("r1", given.announced[0]), responder("r2", given.announced[1])],
          avahi: given.avahi,
        },
        fabric: {
          discoveryControllers: [
            discovery("dc1", 0, dcs[0], listed[0], manners[0]),
            discovery("dc2", 1, dcs[1], listed[1], manners[1]),
          ],
          subsystems: volumeIds.map((id, index) => subsystem(id, index, volumes[index] ?? "up")),
        },
      },
    }),
  );
