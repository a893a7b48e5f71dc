import type { BusCallEvent, BusResult } from "../../src/core/ports/bus.js";
import type { Behaviour } from "./behaviour.js";
import type { ContractHost, Delivered } from "./host.js";
import { call, SOON, suiteOf } from "./kit.js";

const behaviour = suiteOf("bus");

/** A transport id on the bus: the seven arguments of `get_log_pages`. */
const SEVEN = ["tcp", "127.0.0.1", "8009", "nqn.2014-08.org.nvmexpress.discovery", "", "", ""];

function resultText(result: BusResult): string {
  return result.ok ? JSON.stringify(result.values) : result.error;
}

/** staf calls stac. */
async function callPeer(host: ContractHost, method = "list_controllers"): Promise<string> {
  const { reply } = await call(host, "bus-reply", (request) => {
    host.ports.bus.call(request, "stac", method, [false]);
  });
  return resultText(reply.result);
}

/** `stac up` and `stac down`, in order. */
function comings(delivered: readonly Delivered[]): readonly string[] {
  return delivered.flatMap(({ event }) =>
    event.kind === "bus-peer" ? [`${event.peer} ${event.up ? "up" : "down"}`] : [],
  );
}

async function until(host: ContractHost, what: string, holds: () => boolean): Promise<void> {
  await host.until(what, () => (holds() ? true : undefined), SOON);
}

/** Waits for the call with this index, counted from 0. */
async function callFor(host: ContractHost, delivered: readonly Delivered[], index = 0): Promise<BusCallEvent> {
  const find = (): BusCallEvent | undefined =>
    delivered.flatMap(({ event }) => (event.kind === "bus-call" ? [event] : []))[index];
  return await host.until("a call", find, SOON);
}

const CALLS: readonly Behaviour[] = [
  behaviour("a call to a service that is not running", ["org.freedesktop.DBus.Error.ServiceUnknown"], async (host) => [
    await callPeer(host),
  ]),
  behaviour(
    "a call from one service to the other, and its answer",
    [
      "stac receives: list_controllers [false], from user 0, from a unique name",
      'staf receives: [[{"device":"nvme0"}]]',
    ],
    async (host) => {
      await host.bus.peer.start();
      const asking = callPeer(host);
      const { call: id, method, args, uid, sender } = await callFor(host, host.bus.peer.delivered);
      host.bus.peer.bus.reply(id, { ok: true, values: [[{ device: "nvme0" }]] });
      const name = /^:\d+\.\d+$/.test(sender) ? "a unique name" : sender;
      return [
        `stac receives: ${method} ${JSON.stringify(args)}, from user ${String(uid)}, from ${name}`,
        `staf receives: ${await asking}`,
      ];
    },
  ),
  behaviour("a call answered with an error", ["org.nvmexpress.staf.Error.NotKnown"], async (host) => {
    await host.bus.peer.start();
    const asking = callPeer(host);
    const { call: id } = await callFor(host, host.bus.peer.delivered);
    host.bus.peer.bus.reply(id, { ok: false, error: "org.nvmexpress.staf.Error.NotKnown" });
    return [await asking];
  }),
  behaviour("a call whose service exits before it answers", ["org.freedesktop.DBus.Error.NoReply"], async (host) => {
    await host.bus.peer.start();
    const asking = callPeer(host);
    await callFor(host, host.bus.peer.delivered);
    await host.bus.peer.stop();
    return [await asking];
  }),
  behaviour(
    "calls from an administrator's tool reach the service one by one, with their arguments",
    [
      `get_log_pages ${JSON.stringify(SEVEN)}`,
      "list_controllers [false]",
      'answered out of order: [[]], [[{"device":"nvme1"}]]',
    ],
    async (host) => {
      const first = host.bus.clientCall("staf", "get_log_pages", SEVEN);
      const asked = await callFor(host, host.delivered);
      const second = host.bus.clientCall("staf", "list_controllers", [false]);
      const listed = await callFor(host, host.delivered, 1);
      host.ports.bus.reply(listed.call, { ok: true, values: [[{ device: "nvme1" }]] });
      host.ports.bus.reply(asked.call, { ok: true, values: [[]] });
      const answers = await Promise.all([first, second]);
      return [
        ...[asked, listed].map(({ method, args }) => `${method} ${JSON.stringify(args)}`),
        `answered out of order: ${answers.map(resultText).join(", ")}`,
      ];
    },
  ),
];

const UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod";

/** Whether a call to a method that no interface has reaches the service. If so, the service answers as the core does. */
const UNKNOWN = behaviour(
  "a call to a method that no interface has",
  ["rejected by the adapter", UNKNOWN_METHOD],
  async (host) => {
    const asking = host.bus.clientCall("staf", "no_such_method", []);
    await host.settled();
    const passed = host.delivered.flatMap(({ event }) => (event.kind === "bus-call" ? [event.call] : []));
    for (const id of passed) host.ports.bus.reply(id, { ok: false, error: UNKNOWN_METHOD });
    return [passed.length === 0 ? "rejected by the adapter" : "passed on", resultText(await asking)];
  },
  {
    differs: {
      simulated: ["passed on", UNKNOWN_METHOD],
      reason:
        "The real adapter knows the interfaces and rejects the call itself. In the simulation the core does, with the same error.",
    },
  },
);

const PEERS: readonly Behaviour[] = [
  behaviour(
    "a subscriber learns a service's current state, then each change",
    ["subscribed: stac down", "started: stac up", "stopped: stac down", "restarted: stac up"],
    async (host) => {
      const told: string[] = [];
      const next = async (what: string, change: () => Promise<void> | void): Promise<void> => {
        const count = comings(host.delivered).length;
        await change();
        await until(host, `news of stac, ${what}`, () => comings(host.delivered).length > count);
        told.push(`${what}: ${comings(host.delivered).slice(count).join(", ")}`);
      };
      await next("subscribed", () => host.ports.bus.subscribe("stac"));
      await next("started", () => host.bus.peer.start());
      await next("stopped", () => host.bus.peer.stop());
      await next("restarted", () => host.bus.peer.start());
      return told;
    },
  ),
  behaviour(
    "a signal reaches subscribers with its arguments; an earlier signal does not",
    [`log_pages_changed ${JSON.stringify([...SEVEN, "nvme0"])}`],
    async (host) => {
      const { peer } = host.bus;
      await peer.start();
      host.ports.bus.emit("staf", "log_pages_changed", [...SEVEN, "too early"]);
      await host.settled();
      peer.bus.subscribe("staf");
      await until(host, "news of staf", () => comings(peer.delivered).includes("staf up"));
      host.ports.bus.emit("staf", "log_pages_changed", [...SEVEN, "nvme0"]);
      const signals = (): readonly string[] =>
        peer.delivered.flatMap(({ event }) =>
          event.kind === "bus-signal" ? [`${event.signal} ${JSON.stringify(event.args)}`] : [],
        );
      await until(host, "a signal", () => signals().length > 0);
      return signals();
    },
  ),
];

const LOSS: readonly Behaviour[] = [
  behaviour(
    "the bus stops and restarts: calls fail, then names and subscriptions return",
    [
      "the pending call: org.freedesktop.DBus.Error.Disconnected",
      "a call meanwhile: org.freedesktop.DBus.Error.Disconnected",
      "staf sees the bus: down, up",
      "stac sees the bus: down, up",
      "staf sees stac at the end: up",
      "a call afterwards: [[]]",
    ],
    async (host) => {
      const { peer } = host.bus;
      await peer.start();
      host.ports.bus.subscribe("stac");
      await until(host, "news of stac", () => comings(host.delivered).includes("stac up"));
      const mark = host.delivered.length;
      const peerMark = peer.delivered.length;
      const states = (delivered: readonly Delivered[]): readonly string[] =>
        delivered.flatMap(({ event }) => (event.kind === "bus-state" ? [event.up ? "up" : "down"] : []));
      const open = callPeer(host);
      await callFor(host, peer.delivered);
      await host.bus.set("down");
      const failed = await open;
      const meanwhile = await callPeer(host);
      await host.bus.set("up");
      await until(host, "stac back", () => comings(host.delivered.slice(mark)).includes("stac up"));
      const asking = callPeer(host);
      const { call: id } = await callFor(host, peer.delivered, 1);
      peer.bus.reply(id, { ok: true, values: [[]] });
      return [
        `the pending call: ${failed}`,
        `a call meanwhile: ${meanwhile}`,
        `staf sees the bus: ${states(host.delivered.slice(mark)).join(", ")}`,
        `stac sees the bus: ${states(peer.delivered.slice(peerMark)).join(", ")}`,
        `staf sees stac at the end: ${comings(host.delivered).at(-1)?.replace("stac ", "") ?? "nothing"}`,
        `a call afterwards: ${await asking}`,
      ];
    },
  ),
];

export const BUS: readonly Behaviour[] = [...CALLS, UNKNOWN, ...PEERS, ...LOSS];
