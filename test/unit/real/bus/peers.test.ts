import { describe, expect, it } from "vitest";
import { OWN_CALLS_MAX } from "../../../../src/adapters/real/bus/limits.js";
import { Milliseconds } from "../../../../src/core/domain/units.js";
import { RequestId } from "../../../../src/core/ports/request.js";
import { join, joined, lines, nextCall, nextReply, startBus, type Member } from "./kit.js";
import type { PlainMessage } from "./reference.js";
import { CALL, ERROR, REPLY, SIGNAL, type TestBus } from "./test-bus.js";

const STAF = "org.nvmexpress.staf";
const CHANGED = {
  type: SIGNAL,
  path: "/org/nvmexpress/staf",
  interface: STAF,
  member: "log_pages_changed",
  signature: "ssssssss",
  body: ["tcp", "192.168.1.20", "8009", "nqn", "", "", "", "nvme0"],
};
const CHANGED_EVENT = { kind: "bus-signal", peer: "staf", signal: "log_pages_changed", args: CHANGED.body };

/** The events of a member about peers and their signals. */
function told({ events }: Member): readonly string[] {
  return events.all.flatMap((event) => {
    if (event.kind === "bus-peer") return [`${event.peer} ${event.up ? "up" : "down"}`];
    return event.kind === "bus-signal" ? [`${event.peer} ${event.signal}`] : [];
  });
}

async function nextPeer({ events }: Member): Promise<void> {
  await events.next(({ kind }) => kind === "bus-peer");
}

/** A staf that handles calls as the test says. */
function stafOn(bus: TestBus, answer: (call: PlainMessage, staf: string) => void): string {
  const staf = bus.join((message) => {
    if (message.type === CALL) answer(message, staf);
  });
  bus.own(STAF, staf);
  return staf;
}

function replyTo({ serial, sender }: PlainMessage, body: readonly unknown[] = ["[]"]) {
  return { type: REPLY, replySerial: serial, destination: sender, signature: "s", body: [...body] };
}

describe("a peer that is followed", () => {
  it("is reported at first, then at each change", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["stac"]);
    member.bus.subscribe("staf");
    member.bus.subscribe("staf");
    await nextPeer(member);
    member.bus.subscribe("staf");
    expect(told(member)).toEqual(["staf down"]);
    const staf = stafOn(bus, () => undefined);
    await nextPeer(member);
    bus.release(STAF);
    await nextPeer(member);
    bus.own(STAF, staf);
    await nextPeer(member);
    expect(told(member)).toEqual(["staf down", "staf up", "staf down", "staf up"]);
  });

  it("is reported as up if it was there before", async () => {
    const bus = await startBus();
    stafOn(bus, () => undefined);
    const member = join(bus.address, ["stac"]);
    member.bus.subscribe("staf");
    await nextPeer(member);
    expect(member.events.all).toEqual([
      { kind: "bus-state", up: true },
      { kind: "bus-peer", peer: "staf", up: true },
    ]);
  });

  it("counts as gone in between when its name passes directly to another process", async () => {
    const bus = await startBus();
    stafOn(bus, () => undefined);
    const member = await joined(bus, ["stac"]);
    member.bus.subscribe("staf");
    await nextPeer(member);
    stafOn(bus, () => undefined);
    await nextPeer(member);
    await nextPeer(member);
    expect(told(member)).toEqual(["staf up", "staf down", "staf up"]);
  });

  it("is not reported until the bus names its owner, on every connection to the bus", async () => {
    const bus = await startBus();
    const member = join(bus.address, ["stac"]);
    member.bus.subscribe("staf");
    const restart = async (answers: "answers" | "is silent"): Promise<void> => {
      await bus.stop();
      if (answers === "answers") bus.silent.clear();
      else bus.silent.add("GetNameOwner");
      await bus.start();
    };
    /** Starts staf and waits until the member has seen the consequences. */
    const bringStaf = async (life: number): Promise<void> => {
      await bus.until(() => bus.asked.filter((asked) => asked === `GetNameOwner ${STAF}`).length === life);
      stafOn(bus, () => undefined);
      const ping = { path: "/", interface: "org.freedesktop.DBus.Peer", member: "Ping" };
      await bus.call({ ...ping, destination: bus.lastJoined });
    };
    bus.silent.add("GetNameOwner");
    await bringStaf(1);
    expect(told(member)).toEqual([]);
    await restart("answers");
    await bringStaf(2);
    expect(told(member)).toEqual(["staf down", "staf up"]);
    await restart("is silent");
    await bringStaf(3);
    expect(told(member)).toEqual(["staf down", "staf up"]);
  });

  it("changes only when the bus says so: no other sender may report owners", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["stac"]);
    member.bus.subscribe("staf");
    await nextPeer(member);
    const liar = bus.join(() => undefined);
    const path = "/org/freedesktop/DBus";
    const of = { type: SIGNAL, path, interface: "org.freedesktop.DBus", member: "NameOwnerChanged", signature: "sss" };
    bus.send(liar, { ...of, body: [STAF, "", liar] });
    bus.send(liar, CHANGED);
    stafOn(bus, () => undefined);
    await nextPeer(member);
    expect(told(member)).toEqual(["staf down", "staf up"]);
  });
});

describe("signals of a peer", () => {
  it("count from the owner of its name, and from no other sender", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["stac"]);
    member.bus.subscribe("staf");
    const staf = stafOn(bus, () => undefined);
    const liar = bus.join(() => undefined);
    await member.events.next((event) => event.kind === "bus-peer" && event.up);
    bus.send(liar, CHANGED);
    bus.send(staf, { ...CHANGED, path: "/elsewhere" });
    bus.send(staf, { ...CHANGED, interface: "org.nvmexpress.stac" });
    bus.send(staf, { ...CHANGED, member: "unheard_of" });
    bus.send(staf, { ...CHANGED, signature: "s", body: ["x"] });
    bus.send(staf, CHANGED);
    expect(await member.events.next(({ kind }) => kind === "bus-signal")).toEqual(CHANGED_EVENT);
    expect(told(member).filter((one) => one.endsWith("changed"))).toHaveLength(1);
  });

  it("are not delivered from a peer that is called but not followed", async () => {
    const bus = await startBus();
    const staf = stafOn(bus, (call) => {
      bus.send(staf, CHANGED);
      bus.send(staf, replyTo(call));
    });
    const member = await joined(bus, ["stac"]);
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    await nextReply(member);
    expect(told(member)).toEqual([]);
  });
});

describe("a call to a peer", () => {
  it("is answered, even if made before the peer was known", async () => {
    const bus = await startBus();
    const calls: PlainMessage[] = [];
    const staf = stafOn(bus, (call) => {
      calls.push(call);
      bus.send(staf, replyTo(call, [`answer ${String(calls.length)}`]));
    });
    const member = await joined(bus, ["stac"]);
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    member.bus.call(RequestId(2), "staf", "get_all_log_pages", [true]);
    const result = (value: string) => ({ ok: true, values: [value] });
    expect(await nextReply(member)).toEqual({ kind: "bus-reply", request: 1, result: result("answer 1") });
    expect(await nextReply(member)).toEqual({ kind: "bus-reply", request: 2, result: result("answer 2") });
    expect(calls[1]).toMatchObject({
      destination: staf,
      path: "/org/nvmexpress/staf",
      interface: STAF,
      member: "get_all_log_pages",
      signature: "b",
      body: [true],
      flags: 2,
    });
  });

  it.each<[string, (call: PlainMessage) => Omit<PlainMessage, "serial">, string]>([
    [
      "is refused",
      ({ serial, sender }) => ({ type: ERROR, replySerial: serial, destination: sender, errorName: "a.b.NotKnown" }),
      "a.b.NotKnown",
    ],
    [
      "is answered with a signature that the interface does not have",
      (call) => ({ ...replyTo(call), signature: "b", body: [true] }),
      "org.freedesktop.DBus.Error.InvalidSignature",
    ],
  ])("%s", async (_, answer, error) => {
    const bus = await startBus();
    const staf = stafOn(bus, (call) => bus.send(staf, answer(call)));
    const member = await joined(bus, ["stac"]);
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    expect((await nextReply(member)).result).toEqual({ ok: false, error });
  });

  it("goes to the owner on this connection to the bus, not to one on an earlier connection", async () => {
    const bus = await startBus();
    const answer = (call: PlainMessage, staf: string) => void bus.send(staf, replyTo(call, [staf]));
    stafOn(bus, answer);
    const member = await joined(bus, ["stac"]);
    member.bus.subscribe("staf");
    await nextPeer(member);
    await bus.stop();
    await bus.start();
    const staf = stafOn(bus, answer);
    await member.events.next((event) => event.kind === "bus-state" && !event.up);
    await member.events.next((event) => event.kind === "bus-state" && event.up);
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    expect((await nextReply(member)).result).toEqual({ ok: true, values: [staf] });
  });

  it("fails if too many calls wait for an answer", async () => {
    const bus = await startBus();
    stafOn(bus, () => undefined);
    const member = await joined(bus, ["stac"]);
    member.bus.subscribe("staf");
    await nextPeer(member);
    for (let request = 0; request <= OWN_CALLS_MAX; request++)
      member.bus.call(RequestId(request), "staf", "get_all_log_pages", [false]);
    const result = { ok: false, error: "org.freedesktop.DBus.Error.LimitsExceeded" };
    expect(await nextReply(member)).toEqual({ kind: "bus-reply", request: OWN_CALLS_MAX, result });
  });

  it("fails if nobody owns the name", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["stac"]);
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    const error = "org.freedesktop.DBus.Error.ServiceUnknown";
    expect((await nextReply(member)).result).toEqual({ ok: false, error });
  });

  it("fails if the peer dies before it answers", async () => {
    const bus = await startBus();
    const errorName = "org.freedesktop.DBus.Error.NoReply";
    stafOn(bus, ({ serial, sender }) => {
      bus.release(STAF);
      bus.send("org.freedesktop.DBus", { type: ERROR, replySerial: serial, destination: sender, errorName });
    });
    const member = await joined(bus, ["stac"]);
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    expect((await nextReply(member)).result).toEqual({ ok: false, error: errorName });
  });

  it("fails in time if nobody answers, and a late answer is dropped", async () => {
    const bus = await startBus();
    const calls: PlainMessage[] = [];
    const staf = stafOn(bus, (call) => {
      calls.push(call);
    });
    const member = await joined(bus, ["stac"], { call: Milliseconds(20) });
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    const error = "org.freedesktop.DBus.Error.NoReply";
    expect((await nextReply(member)).result).toEqual({ ok: false, error });
    bus.send(staf, replyTo(calls[0]!));
    member.bus.call(RequestId(2), "staf", "get_all_log_pages", [false]);
    expect(await nextReply(member)).toEqual({ kind: "bus-reply", request: 2, result: { ok: false, error } });
  });

  it("accepts no answer from another sender", async () => {
    const bus = await startBus();
    const liar = bus.join(() => undefined);
    const staf = stafOn(bus, (call) => {
      bus.send(liar, replyTo(call, ["a lie"]));
      bus.send(staf, replyTo(call, ["the truth"]));
    });
    const member = await joined(bus, ["stac"]);
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    expect((await nextReply(member)).result).toEqual({ ok: true, values: ["the truth"] });
  });

  it("that is wrong through our own fault fails, and the log says so", async () => {
    const bus = await startBus();
    stafOn(bus, () => undefined);
    const member = await joined(bus, ["stac"]);
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", ["false"]);
    member.bus.call(RequestId(2), "staf", "get_everything", []);
    expect((await nextReply(member)).result).toMatchObject({ error: "org.freedesktop.DBus.Error.UnknownMethod" });
    expect((await nextReply(member)).result).toMatchObject({ error: "org.freedesktop.DBus.Error.InvalidArgs" });
    expect(lines(member.log.all)).toEqual([
      "error a bug of stas: it calls get_everything, which is not in the interface of staf; please report it",
      "error a bug of stas: it calls get_all_log_pages of staf with arguments that do not fit (a value is not a boolean); " +
        "please report it",
    ]);
  });
});

describe("two processes", () => {
  it("call each other, receive each other's signals, and see each other leave", async () => {
    const bus = await startBus();
    const staf = await joined(bus, ["staf"]);
    const stac = await joined(bus, ["stac"]);
    stac.bus.subscribe("staf");
    await nextPeer(stac);
    stac.bus.call(RequestId(7), "staf", "get_all_log_pages", [false]);
    const call = await nextCall(staf);
    expect(call).toMatchObject({ service: "staf", method: "get_all_log_pages", args: [false] });
    staf.bus.reply(call.call, { ok: true, values: ['[{"state":"known"}]'] });
    expect((await nextReply(stac)).result).toEqual({ ok: true, values: ['[{"state":"known"}]'] });

    staf.bus.emit("staf", "log_pages_changed", CHANGED.body);
    expect(await stac.events.next(({ kind }) => kind === "bus-signal")).toEqual(CHANGED_EVENT);
    staf.bus.emit("staf", "dc_removed", []);
    await stac.events.next((event) => event.kind === "bus-signal" && event.signal === "dc_removed");
    staf.bus.close();
    await nextPeer(stac);
    expect(told(stac)).toEqual(["staf up", "staf log_pages_changed", "staf dc_removed", "staf down"]);
  });

  it("receive no signal that is wrong through our own fault, and the log says so", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    member.bus.emit("staf", "log_pages_changed", ["tcp"]);
    member.bus.emit("staf", "everything_changed", []);
    expect(lines(member.log.all)).toEqual([
      "error a bug of stas: it emits log_pages_changed of staf with arguments that do not fit (the number of values differs " +
        "from the signature); please report it",
      "error a bug of stas: it emits everything_changed, which is not in the interface of staf; please report it",
    ]);
  });
});
