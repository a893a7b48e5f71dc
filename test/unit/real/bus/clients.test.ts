import { describe, expect, it } from "vitest";
import {
  OPEN_CALLS_MAX,
  REQUEST_BODY_BYTES_MAX,
  SEND_QUEUE_BYTES_MAX,
} from "../../../../src/adapters/real/bus/limits.js";
import { Callers } from "../../../../src/adapters/real/bus/callers.js";
import type { LinkCall } from "../../../../src/adapters/real/bus/link.js";
import { joined, lines, nextCall, startBus } from "./kit.js";
import { referenceMarshal, type PlainMessage } from "./reference.js";
import { CALL, ERROR, REPLY } from "./test-bus.js";

const LIST = {
  destination: "org.nvmexpress.staf",
  path: "/org/nvmexpress/staf",
  interface: "org.nvmexpress.staf",
  member: "list_controllers",
  signature: "b",
  body: [false],
};

const INTROSPECT = {
  ...LIST,
  interface: "org.freedesktop.DBus.Introspectable",
  member: "Introspect",
  signature: "",
  body: [],
};

function errorOf({ type, errorName }: PlainMessage): string {
  return type === ERROR ? (errorName ?? "").replace("org.freedesktop.DBus.Error.", "") : "no error";
}

describe("a client of the services", () => {
  it("receives the core's answer from the service it calls", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf", "stac"]);
    const controllers = [{ transport: "tcp", traddr: "192.168.1.20", device: "nvme0" }];

    const ofStaf = bus.call({ ...LIST, body: [true] }, 1234);
    const call = await nextCall(member);
    expect(call).toMatchObject({ service: "staf", method: "list_controllers", args: [true], uid: 1234 });
    expect(call.sender).toMatch(/^:9\./);
    member.bus.reply(call.call, { ok: true, values: [controllers] });
    expect(await ofStaf).toMatchObject({ type: REPLY, signature: "aa{ss}", body: [controllers] });

    const stac = { destination: "org.nvmexpress.stac", path: "/org/nvmexpress/stac", interface: "org.nvmexpress.stac" };
    const ofStac = bus.call({ ...LIST, ...stac });
    const other = await nextCall(member);
    expect(other.service).toBe("stac");
    expect(other.call).not.toBe(call.call);
    member.bus.reply(other.call, { ok: true, values: [[]] });
    expect(await ofStac).toMatchObject({ type: REPLY, body: [[]] });
  });

  it("receives the core's errors with a sentence", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const answer = bus.call(LIST);
    member.bus.reply((await nextCall(member)).call, { ok: false, error: "org.nvmexpress.staf.Error.NotKnown" });
    expect(await answer).toMatchObject({
      errorName: "org.nvmexpress.staf.Error.NotKnown",
      body: ["The discovery results are not known yet. Ask again in a few seconds."],
    });
  });

  it("receives an error if the core's answer does not fit, and the log says so", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    for (const values of [["text"], [], [[{ device: true }]]]) {
      const answer = bus.call(LIST);
      member.bus.reply((await nextCall(member)).call, { ok: true, values });
      expect(errorOf(await answer)).toBe("Failed");
    }
    const odd = bus.call(LIST);
    member.bus.reply((await nextCall(member)).call, { ok: false, error: "no error name" });
    expect(errorOf(await odd)).toBe("Failed");
    expect(lines(member.log.all)[0]).toBe(
      "error a bug of stas: the answer to list_controllers of staf does not fit its signature (a value is not an array); please report it",
    );
    expect(member.log.all).toHaveLength(3);
  });

  it("learns at once what is wrong with a call, and the core does not see the call", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    expect(errorOf(await bus.call({ ...LIST, signature: "s", body: ["x"] }))).toBe("InvalidArgs");
    expect(errorOf(await bus.call({ ...LIST, path: "/org/nvmexpress/stac" }))).toBe("UnknownObject");
    expect(errorOf(await bus.call({ ...LIST, signature: "s", body: ["x".repeat(REQUEST_BODY_BYTES_MAX)] }))).toBe(
      "LimitsExceeded",
    );
    expect(await bus.call(INTROSPECT)).toMatchObject({ type: REPLY, signature: "s" });
    expect(member.events.all).toEqual([{ kind: "bus-state", up: true }]);
  });

  it("gets no reply if it wants none, but the core gets its call", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const received: PlainMessage[] = [];
    const client = bus.join((message) => received.push(message));
    bus.send(client, { ...LIST, type: CALL, flags: 1 });
    member.bus.reply((await nextCall(member)).call, { ok: true, values: [[]] });
    // An unwanted reply would come before the next answer.
    const serial = bus.send(client, { ...INTROSPECT, type: CALL });
    await bus.until(() => received.length > 0);
    expect(received).toMatchObject([{ replySerial: serial }]);
  });

  it("gets one answer per call", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const received: PlainMessage[] = [];
    const client = bus.join((message) => received.push(message));
    bus.send(client, { ...LIST, type: CALL });
    const { call } = await nextCall(member);
    member.bus.reply(call, { ok: true, values: [[]] });
    member.bus.reply(call, { ok: true, values: [[]] });
    bus.send(client, { ...INTROSPECT, type: CALL });
    await bus.until(() => received.length === 2);
    expect(received.map(({ signature }) => signature)).toEqual(["aa{ss}", "s"]);
  });

  it("causes one question to the bus for its user id, and its calls keep their order meanwhile", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const client = bus.join(() => undefined, 77);
    bus.send(client, { ...LIST, type: CALL, body: [true] });
    bus.send(client, { ...LIST, type: CALL, body: [false] });
    bus.send(client, { ...LIST, type: CALL, member: "get_all_log_pages", body: [true] });
    const calls = [await nextCall(member), await nextCall(member), await nextCall(member)];
    expect(calls.map(({ method, args }) => [method, ...args])).toEqual([
      ["list_controllers", true],
      ["list_controllers", false],
      ["get_all_log_pages", true],
    ]);
    expect(new Set(calls.map(({ uid }) => uid))).toEqual(new Set([77]));
    expect(bus.asked.filter((asked) => asked === `GetConnectionUnixUser ${client}`)).toHaveLength(1);
  });

  it("is refused if the bus does not know it", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const received: PlainMessage[] = [];
    const client = bus.join((message) => received.push(message));
    bus.uids.delete(client);
    bus.send(client, { ...LIST, type: CALL });
    await bus.until(() => received.length > 0);
    expect(received.map(errorOf)).toEqual(["AccessDenied"]);
    expect(member.events.all).toEqual([{ kind: "bus-state", up: true }]);
  });

  it("is refused while too many calls wait, and served again once they are answered", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const received: PlainMessage[] = [];
    const client = bus.join((message) => received.push(message));
    for (let count = 0; count <= OPEN_CALLS_MAX; count++) bus.send(client, { ...LIST, type: CALL });
    await bus.until(() => received.length > 0);
    expect(received.map(errorOf)).toEqual(["LimitsExceeded"]);
    for (let count = 0; count < OPEN_CALLS_MAX; count++)
      member.bus.reply((await nextCall(member)).call, { ok: true, values: [[]] });
    await bus.until(() => received.length === 1 + OPEN_CALLS_MAX);
    const answer = bus.call(LIST);
    member.bus.reply((await nextCall(member)).call, { ok: true, values: [[]] });
    expect((await answer).type).toBe(REPLY);
  });
});

describe("a hostile message", () => {
  it("that claims a descriptor but carries none does not end the daemon", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const bytes = referenceMarshal({ ...LIST, type: CALL, serial: 1, sender: ":9.1", signature: "u", body: [7] });
    bytes.write("h", bytes.indexOf("\x08\x01g\0\x01u", 0, "latin1") + 5, "latin1");
    bus.inject("org.nvmexpress.staf", bytes);
    expect(await bus.call(INTROSPECT)).toMatchObject({ type: REPLY });
    expect(member.events.all).toEqual([{ kind: "bus-state", up: true }]);
  });

  it("that cannot be parsed is dropped, with one line in the log", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const bytes = referenceMarshal({ ...LIST, type: CALL, serial: 1, sender: ":9.1" });
    bytes.write("a", 18, "latin1");
    bus.inject("org.nvmexpress.staf", bytes);
    bus.inject("org.nvmexpress.staf", bytes);
    expect(await bus.call(INTROSPECT)).toMatchObject({ type: REPLY });
    expect(lines(member.log.all)).toEqual([
      "warning a message on the bus cannot be parsed and is dropped; more like it are dropped without a log line",
    ]);
  });

  it("of a type from a later protocol version is ignored", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const bytes = referenceMarshal({ ...LIST, type: CALL, serial: 1, sender: ":9.1" });
    bytes[1] = 9;
    bus.inject("org.nvmexpress.staf", bytes);
    expect(await bus.call(INTROSPECT)).toMatchObject({ type: REPLY });
    expect(member.events.all).toEqual([{ kind: "bus-state", up: true }]);
  });
});

describe("a bus that stops reading", () => {
  it("is sent no more than the queue holds, and is given up at the next signal", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const client = bus.join(() => undefined);
    for (let count = 0; count < 16; count++) bus.send(client, { ...LIST, type: CALL, member: "get_all_log_pages" });
    const calls = [];
    for (let count = 0; count < 16; count++) calls.push(await nextCall(member));
    bus.stall("org.nvmexpress.staf");
    const before = process.memoryUsage().external;
    for (const { call } of calls) member.bus.reply(call, { ok: true, values: ["x".repeat(1 << 20)] });
    expect(process.memoryUsage().external - before).toBeLessThan(SEND_QUEUE_BYTES_MAX + (4 << 20));
    member.bus.emit("staf", "dc_removed", []);
    expect(await member.events.next(({ kind }) => kind === "bus-state")).toEqual({ kind: "bus-state", up: false });
    expect(lines(member.log.all)[0]).toContain("(it does not read what is sent)");
  });
});

describe("the user ids of callers", () => {
  it("are remembered for the latest 1,024 callers", () => {
    const asked: unknown[] = [];
    const link = {
      call: ({ args }: LinkCall, settle: (result: { ok: true; values: readonly number[] }) => void) => {
        asked.push(args[0]);
        settle({ ok: true, values: [1] });
      },
    };
    const callers = new Callers(link);
    const ask = (sender: string): number => {
      const before = asked.length;
      callers.uidOf(sender, () => undefined);
      return asked.length - before;
    };
    for (let count = 0; count <= 1_024; count++) ask(`:1.${String(count)}`);
    expect(ask(":1.1024")).toBe(0);
    expect(ask(":1.1")).toBe(0);
    expect(ask(":1.0")).toBe(1);
    expect(ask(":1.1")).toBe(1);
  });
});
