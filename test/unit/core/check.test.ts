/** The check of the whole state: each of its clauses fires on a state that was broken by hand, and none on the state as it was. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { check } from "../../../src/core/check/index.js";
import { AssertionError } from "../../../src/core/domain/assertion.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { RequestId } from "../../../src/core/ports/request.js";
import type { ControllerId, DiscoveryControllerState, Life } from "../../../src/core/state/controller.js";
import type { Device } from "../../../src/core/state/device.js";
import { serviceKey, type MdnsLink, type Target } from "../../../src/core/state/mdns.js";
import type { CoreState, Pending } from "../../../src/core/state/state.js";
import { timerId, type Timer } from "../../../src/core/state/timers.js";
import { firstState, statesOf } from "./states.js";

/**
 * c1 is connected and lists a volume, which becomes c3; nothing listens at the address of c2; what is announced at 192.168.1.22
 * takes no connections.
 */
const WORLD = `format: 1
title: states to break
host:
  files:
    /etc/stas/stafd.conf: |
      [Service Discovery]
      mdns-provider = builtin
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009
      controller = transport=tcp;traddr=192.168.1.21;trsvcid=8009
network:
  responders:
    - { id: r1, interface: eth0, addresses: [192.168.1.22] }
fabric:
  discovery-controllers:
    - { id: dc1, kind: cdc, listen: "192.168.1.20:8009", entries: [vol1] }
  subsystems:
    - { id: vol1, nqn: "nqn.2024-01.io.example:vol1", listen: "192.168.1.30:4420" }
timeline:
  - { at: 40s, write-file: { path: /etc/stas/stacd.conf, text: "[Controllers]\\nexclude = traddr=192.168.1.30\\n" } }
  - { at: 40s, reload: both }
  - { at: 50s, stop: both }
expect:
  - { at: 30s, connected: [dc1, vol1] }
until: 60s
`;

const states = statesOf(WORLD);
const statesOfStac = statesOf(WORLD.replace("host:", "host:\n  processes: two"), "stac");

const C1: ControllerId = "c1";
const C2: ControllerId = "c2";
const C3: ControllerId = "c3";
const C99: ControllerId = "c99";
const NAME = "tcp 192.168.1.20:8009 nqn.2014-08.org.nvmexpress.discovery";

function dc(state: CoreState, id: ControllerId): DiscoveryControllerState {
  const controller = state.controllers.get(id);
  if (controller?.service !== "staf") throw new Error(`${id} is no discovery controller`);
  return controller;
}

function nvme0(state: CoreState): Device {
  const present = state.kernel.byName.get("nvme0");
  if (present === undefined) throw new Error("there is no nvme0");
  return present;
}

function announced(state: CoreState): readonly [string, Target] {
  const [first] = state.mdns.targets;
  if (first === undefined) throw new Error("nothing is announced");
  return first;
}

function link(state: CoreState): MdnsLink {
  const eth0 = state.mdns.links.get("eth0");
  if (eth0 === undefined) throw new Error("nothing is asked on eth0");
  return eth0;
}

function ask(state: CoreState, pending: Pending): void {
  state.requests.set(state.nextRequest as RequestId, pending);
  state.nextRequest += 1;
}

function arm(state: CoreState, timer: Timer): void {
  state.timers.set(timerId(timer), { timer, due: Milliseconds(1e9) });
}

const disarm = (state: CoreState, timer: Timer): void => {
  state.timers.delete(timerId(timer));
};

const drop =
  (kind: Pending["kind"]) =>
  (state: CoreState): void => {
    for (const [request, pending] of state.requests) if (pending.kind === kind) state.requests.delete(request);
  };

/** Everything is connected that can be, and nothing is in flight for it. */
const settled = (): CoreState =>
  firstState(states, ({ controllers, requests, phase }) => {
    const at = [C1, C2, C3].map((id) => controllers.get(id)?.life.at).join();
    return phase === "running" && at === "connected,waiting,connected" && requests.size === 0;
  });

const inLife = (at: Life["at"]) => (): CoreState =>
  firstState(states, ({ controllers }) => [...controllers.values()].some(({ life }) => life.at === at));

const waiting = (kind: Pending["kind"]) => (): CoreState =>
  firstState(states, ({ requests }) => [...requests.values()].some((pending) => pending.kind === kind));

const asksStaf = (): CoreState => firstState(statesOfStac, ({ stac }) => stac?.asking.at === "calling");

/** Texts that a case has shown the check to say. */
const shown: string[] = [];

/** The state passes as it is, and not once it is broken. */
function fires(violated: string, from: () => CoreState, broken: (state: CoreState) => void): void {
  shown.push(violated);
  test(violated, () => {
    const state = from();
    check(state);
    broken(state);
    expect(() => {
      check(state);
    }).toThrow(new AssertionError(violated));
  });
}

describe("controllers and their indexes", () => {
  fires("c99 is entered as c1", settled, (state) => state.controllers.set(C99, dc(state, C1)));
  fires("c3 belongs to stac, which does not run here", settled, (state) => (state.stac = undefined));
  fires(`c1 (${NAME}) is not found by its key`, settled, ({ byKey }) => {
    for (const key of byKey.keys()) byKey.set(key, C99);
  });
  fires(`c1 (${NAME}) is not found at its place`, settled, ({ byPlace }) => {
    byPlace.clear();
  });
  fires("a key leads to a controller that does not exist", settled, ({ byKey }) => byKey.set("staf x", C99));
  fires("a place of no controller is kept", settled, ({ byPlace }) => byPlace.set("x", new Set()));
  fires("a place leads to a controller that is elsewhere, or does not exist", settled, ({ byPlace }) =>
    byPlace.set("x", new Set([C1])),
  );
  fires("c99 stands in the line waiting and does not exist", settled, ({ lines }) => lines.waiting.add(C99));
  fires("c1 stands in the line queued and is connected", settled, ({ lines }) => lines.queued.add(C1));
  fires("a controller stands in no line", settled, ({ lines }) => lines.connected.delete(C1));
  fires("c2 is waiting while its page is read", settled, (state) => (dc(state, C2).reading = { at: "retry" }));
  fires("c2 is waiting while a registration is in flight", settled, (state) => {
    const symname = "";
    dc(state, C2).registration = { at: "command", unanswered: 0, request: 1 as RequestId, page: "free", symname };
  });
});

describe("the kernel's controllers and what they carry", () => {
  fires("nvme9 is entered as nvme0", settled, (state) => state.kernel.byName.set("nvme9", nvme0(state)));
  fires("nvme0 is not found at its place tcp 192.168.1.20 8009", settled, ({ kernel }) => {
    kernel.byPlace.clear();
  });
  fires("the place x of no device is kept", settled, ({ kernel }) => kernel.byPlace.set("x", new Set()));
  fires("a place leads to a device that is elsewhere, or is gone", settled, ({ kernel }) =>
    kernel.byPlace.set("x", new Set(["nvme0"])),
  );
  fires("nvme-cli is told about nvme9, which is gone", settled, ({ handOns }) =>
    handOns.set("nvme9", { unit: "u", due: true }),
  );
  fires("nvme0 carries c99, which does not exist", settled, (state) => nvme0(state).bound.add(C99));
  fires("nvme0 carries c2, which is waiting elsewhere", settled, (state) => nvme0(state).bound.add(C2));
  fires("c1 is connected on nvme0, which does not carry it", settled, (state) => nvme0(state).bound.delete(C1));
});

describe("requests and those who wait for them", () => {
  fires("request 99999 was never given out", settled, ({ requests }) =>
    requests.set(99_999 as RequestId, { kind: "reach", target: "x" }),
  );
  const unawaited: readonly Pending[] = [
    { kind: "options" },
    { kind: "connect", controller: C1 },
    { kind: "delete", handle: 1 as never, device: "nvme0", controller: C1 },
    { kind: "save", service: "staf", sequence: 1 },
    { kind: "ask-staf" },
  ];
  const next = settled().nextRequest;
  for (const pending of unawaited)
    fires(`nobody waits for request ${String(next)} (${pending.kind})`, settled, (state) => {
      ask(state, pending);
    });
  fires("c1 is probing and has no probe in flight", inLife("probing"), drop("probe"));
  fires("c1 is connecting and has no connect in flight", inLife("connecting"), drop("connect"));
  fires("c3 is disconnecting and has no delete in flight", inLife("disconnecting"), drop("delete"));
  fires("the page read of c1 has no command in flight", waiting("log-page"), drop("log-page"));
  fires("the registration with c1 has no command in flight", waiting("register"), drop("register"));
  fires("the record of staf is ahead of what changed", settled, ({ staf }) => {
    if (staf !== undefined) staf.record.attempted += 1;
  });
  fires("the record of staf has no write in flight", waiting("save"), drop("save"));
  fires("stac has no call to staf in flight", asksStaf, drop("ask-staf"));
  fires(
    "connects wait for the connect options, and no request for them is in flight",
    waiting("options"),
    drop("options"),
  );
  fires("nvme0 has no Identify in flight", settled, (state) => (nvme0(state).identify = 9_999 as RequestId));
  fires("nvme0 is asking, and nothing was asked", settled, (state) => (nvme0(state).kind = "asking"));
  const reaching = waiting("reach");
  fires(`the target ${announced(reaching())[0]} has no probe in flight`, reaching, drop("reach"));
});

describe("timers and those who need them", () => {
  fires("the timer audit stands under names", settled, ({ timers }) =>
    timers.set("names", { timer: { kind: "audit" }, due: Milliseconds(1) }),
  );
  const unwanted: readonly Timer[] = [
    { kind: "stop" },
    { kind: "ask-staf" },
    { kind: "retry", controller: C1 },
    { kind: "retry", controller: C99 },
    { kind: "page", controller: C1 },
    { kind: "refresh", controller: C99 },
    { kind: "register", controller: C1 },
    { kind: "hand-on", device: "nvme0" },
    { kind: "mdns-avahi" },
    { kind: "mdns-watch" },
    { kind: "mdns-purge" },
  ];
  for (const timer of unwanted)
    fires(`nothing waits for the timer ${timerId(timer)}`, settled, (state) => {
      arm(state, timer);
    });
  fires("nothing waits for the timer mdns reach", settled, (state) => {
    for (const one of state.mdns.targets.values()) one.reach = { at: "reachable" };
  });
  fires("nothing waits for the timer mdns cache", settled, ({ mdns }) => {
    mdns.links.clear();
  });
  fires("nothing waits for the timer mdns soak", settled, (state) => {
    state.mdns.links.clear();
    disarm(state, { kind: "mdns-cache" });
    arm(state, { kind: "mdns-soak" });
    state.mdns.listening = { at: "off" };
  });
  fires("nothing waits for the timer soak staf", asksStaf, (state) => {
    arm(state, { kind: "soak", service: "staf" });
  });
  fires("the core stops without a limit", settled, (state) => (state.phase = "stopping"));
  fires("nvme0 was handed on and has no timer", settled, ({ handOns }) =>
    handOns.set("nvme0", { unit: "u", due: false }),
  );
  fires("no audit is armed", settled, (state) => {
    disarm(state, { kind: "audit" });
  });
  fires("nvme0 is not filled in and has no timer", settled, (state) => (nvme0(state).incompleteReads = 1));
  fires("c2 is waiting and has no timer", settled, (state) => {
    disarm(state, { kind: "retry", controller: C2 });
  });
  fires("the page of c1 waits to be read again and has no timer", settled, (state) => {
    dc(state, C1).reading = { at: "retry" };
  });
  fires("the page of c1 is never looked at again", settled, (state) => {
    disarm(state, { kind: "refresh", controller: C1 });
  });
  fires("the registration with c1 waits and has no timer", settled, (state) => {
    dc(state, C1).registration = { at: "retry", unanswered: 0 };
  });
  fires("a provider tells of services without a time limit", settled, (state) => {
    disarm(state, { kind: "mdns-soak" });
    state.mdns.settled = false;
  });
  fires("queries are to be sent and no timer runs", settled, (state) => {
    disarm(state, { kind: "mdns-cache" });
  });
  fires("an announced address waits for a probe and has no timer", settled, (state) => {
    disarm(state, { kind: "mdns-reach" });
  });
  fires("c2 waits to be dropped and has no timer", settled, (state) => {
    const zero = Milliseconds(0);
    dc(state, C2).origin = "discovered";
    state.mdns.settled = true;
    if (state.staf !== undefined) state.staf.config = { ...state.staf.config, zeroconfPersistence: zero };
    state.mdns.absences.set(C2, { by: "goodbye", since: { clock: zero, wall: zero } });
  });
});

describe("the table of announced services", () => {
  fires("a change of a discovered controller was not judged", settled, ({ mdns }) => mdns.unjudged.add(C1));
  fires("a change of a target was not followed by its probes", settled, ({ mdns }) => (mdns.probesMoved = true));
  fires("links are open and another provider tells of services", settled, ({ mdns }) => {
    mdns.listening = { at: "avahi", daemon: "up" };
  });
  const [service] = settled().mdns.services.values();
  if (service === undefined) throw new Error("nothing is announced");
  const key = serviceKey(service.service);
  const [targetKey] = announced(settled());
  fires(`the service x is entered as ${key}`, settled, ({ mdns }) => mdns.services.set("x", service));
  fires(`the service ${key} leads to ${targetKey}, which does not know it`, settled, (state) => {
    announced(state)[1].services.clear();
  });
  fires(`the target x is entered as ${targetKey}`, settled, (state) =>
    state.mdns.targets.set("x", announced(state)[1]),
  );
  fires(`no service leads to the target ${targetKey}`, settled, (state) => {
    state.mdns.services.clear();
    announced(state)[1].services.clear();
  });
  fires("a target knows a service that does not lead to it", settled, (state) =>
    announced(state)[1].services.add("another"),
  );
  fires("c1 has an absence and is not a discovered controller that stays", settled, ({ mdns }) =>
    mdns.absences.set(C1, { by: "goodbye", since: undefined }),
  );
  fires("the cache of eth0 keeps a set of no records", settled, (state) => link(state).cache.sets.set("x", new Map()));
  fires("the cache of eth0 holds another number of records than it counts", settled, (state) => {
    link(state).cache.size += 1;
  });
  fires("the cache of eth0 counts other hosts than its records name", settled, (state) =>
    link(state).cache.hosts.set("x", 1),
  );
  fires("the cache of eth0 counts r1.local wrongly", settled, (state) => {
    for (const host of link(state).cache.hosts.keys()) link(state).cache.hosts.set(host, 7);
  });
});

/** The texts in the source, with whatever is filled in left open. */
function clauses(): readonly RegExp[] {
  const folder = fileURLToPath(new URL("../../../src/core/check", import.meta.url));
  const source = readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, "utf8"));
  const calls = source.flatMap((text) => [...text.matchAll(/violation\(\s*(?:"([^"]*)"|`([^`]*)`)/g)]);
  return calls.map(([, plain, template]) => {
    const parts = (plain ?? template ?? "").split(/\$\{[^}]*\}/);
    return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`);
  });
}

test("every clause was shown to fire", () => {
  const all = clauses();
  expect(all.length).toBeGreaterThan(50);
  expect(all.filter((clause) => !shown.some((text) => clause.test(text)))).toEqual([]);
});
