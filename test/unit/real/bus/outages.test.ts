import { createServer, type Socket } from "node:net";
import { rmSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { OPEN_CALLS_MAX } from "../../../../src/adapters/real/bus/limits.js";
import { Milliseconds } from "../../../../src/core/domain/units.js";
import type { CoreEvent } from "../../../../src/core/ports/index.js";
import { RequestId } from "../../../../src/core/ports/request.js";
import { Growing, join, joined, lines, nextCall, nextReply, startBus, type Member } from "./kit.js";
import { CALL, TestBus } from "./test-bus.js";

const STAF = "org.nvmexpress.staf";
const DISCONNECTED = { ok: false, error: "org.freedesktop.DBus.Error.Disconnected" };
const LIST = {
  destination: STAF,
  path: "/org/nvmexpress/staf",
  interface: STAF,
  member: "list_controllers",
  signature: "b",
  body: [false],
};

/** A bus that has not started yet. */
function absentBus(): TestBus {
  const bus = new TestBus();
  onTestFinished(() => bus.end());
  return bus;
}

async function nextState({ events }: Member, up: boolean): Promise<void> {
  await events.next((event) => event.kind === "bus-state" && event.up === up);
}

function states({ events }: Member): readonly CoreEvent[] {
  return events.all.filter(({ kind }) => kind === "bus-state");
}

describe("a bus that is missing", () => {
  it("is reported and logged once, and found when it starts", async () => {
    const bus = absentBus();
    const member = join(bus.address, ["staf"]);
    await nextState(member, false);
    const down =
      `warning there is no D-Bus system bus at ${bus.address} (ENOENT): the daemon keeps working, but no client can ` +
      "reach it; it looks for the bus again at least every 10 ms";
    expect(lines(member.log.all)).toEqual([down]);
    await bus.start();
    await bus.until(() => bus.ownerOf(STAF) !== undefined);
    expect(states(member)).toEqual([
      { kind: "bus-state", up: false },
      { kind: "bus-state", up: true },
    ]);
    expect(lines(member.log.all)).toEqual([down, "notice the D-Bus system bus is back"]);
  });

  it("fails calls, swallows signals, and peers are followed once it starts", async () => {
    const bus = absentBus();
    const member = join(bus.address, ["stac"]);
    member.bus.subscribe("staf");
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    member.bus.emit("stac", "nothing", []);
    expect((await nextReply(member)).result).toEqual(DISCONNECTED);
    await bus.start();
    await nextState(member, true);
    await member.events.next((event) => event.kind === "bus-peer" && !event.up);
  });

  it("is sought at each address", async () => {
    const bus = await startBus();
    const member = join(`unix:path=/nonexistent/socket;${bus.address}`, ["staf"]);
    await nextState(member, true);
    expect(states(member)).toHaveLength(1);
    expect(member.log.all).toEqual([]);
  });

  it("for good because its address is not valid is reported and logged", () => {
    const member = join("tcp:host=example.com", ["staf"]);
    expect(states(member)).toEqual([{ kind: "bus-state", up: false }]);
    expect(lines(member.log.all)).toEqual([
      'error The bus address "tcp:host=example.com" is not valid. Use unix:path=/run/dbus/system_bus_socket or ' +
        "unix:abstract=NAME.",
    ]);
  });
});

describe("a bus that dies", () => {
  it("fails the calls in flight, then is reported as down; when it is back, all starts from the beginning", async () => {
    const bus = await startBus();
    const staf = bus.join(() => undefined);
    bus.own(STAF, staf);
    const member = await joined(bus, ["stac"]);
    member.bus.subscribe("staf");
    await member.events.next(({ kind }) => kind === "bus-peer");
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    await bus.stop();
    await nextState(member, false);
    await bus.start();
    await member.events.next(({ kind }) => kind === "bus-peer");
    await bus.until(() => bus.ownerOf("org.nvmexpress.stac") !== undefined);
    expect(member.events.all).toEqual([
      { kind: "bus-state", up: true },
      { kind: "bus-peer", peer: "staf", up: true },
      { kind: "bus-reply", request: 1, result: DISCONNECTED },
      { kind: "bus-state", up: false },
      { kind: "bus-state", up: true },
      { kind: "bus-peer", peer: "staf", up: false },
    ]);
    expect(lines(member.log.all).map((line) => line.split(":")[0])).toEqual([
      "warning lost the D-Bus system bus at unix",
      "notice the D-Bus system bus is back",
    ]);
  });

  it("before it names the owner of a peer fails the call that waits for the owner", async () => {
    const bus = await startBus();
    bus.silent.add("GetNameOwner");
    const member = join(bus.address, ["stac"]);
    await nextState(member, true);
    member.bus.call(RequestId(1), "staf", "get_all_log_pages", [false]);
    await bus.until(() => bus.asked.includes(`GetNameOwner ${STAF}`));
    await bus.stop();
    await nextState(member, false);
    expect(member.events.all.slice(1)).toEqual([
      { kind: "bus-reply", request: 1, result: DISCONNECTED },
      { kind: "bus-state", up: false },
    ]);
  });

  it("ends the calls of clients: their answers go nowhere", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    bus.send(
      bus.join(() => undefined),
      { ...LIST, type: CALL },
    );
    const { call } = await nextCall(member);
    await bus.stop();
    await nextState(member, false);
    member.bus.reply(call, { ok: true, values: [[]] });
    await bus.start();
    await bus.until(() => bus.ownerOf(STAF) !== undefined);
    member.bus.reply(call, { ok: true, values: [[]] });
    const answer = bus.call(LIST);
    const again = await nextCall(member);
    expect(again.call).not.toBe(call);
    member.bus.reply(again.call, { ok: true, values: [[]] });
    expect(await answer).toMatchObject({ signature: "aa{ss}", body: [[]] });
  });

  it("makes room for new calls of clients, however many were open", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const client = bus.join(() => undefined);
    for (let count = 0; count < OPEN_CALLS_MAX; count++) bus.send(client, { ...LIST, type: CALL });
    for (let count = 0; count < OPEN_CALLS_MAX; count++) await nextCall(member);
    await bus.stop();
    await bus.start();
    await bus.until(() => bus.ownerOf(STAF) !== undefined);
    const answer = bus.call(LIST);
    member.bus.reply((await nextCall(member)).call, { ok: true, values: [[]] });
    expect((await answer).signature).toBe("aa{ss}");
  });

  it("makes the daemon ask for the user ids of callers again: old unique names mean nothing", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const caller = bus.join(() => undefined, 1);
    bus.send(caller, { ...LIST, type: CALL });
    expect((await nextCall(member)).uid).toBe(1);
    await bus.stop();
    await bus.start();
    await bus.until(() => bus.ownerOf(STAF) !== undefined);
    bus.uids.set(caller, 2);
    bus.send(caller, { ...LIST, type: CALL });
    expect((await nextCall(member)).uid).toBe(2);
  });

  it("repeatedly is logged once", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    for (let count = 0; count < 4; count++) {
      await bus.stop();
      await nextState(member, false);
      await bus.start();
      await nextState(member, true);
    }
    expect(member.log.all.map(({ level }) => level)).toEqual(["warning", "notice"]);
  });

  it("is logged again after it was back for long enough", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"], { stable: Milliseconds(1) });
    for (let count = 0; count < 2; count++) {
      await bus.stop();
      await nextState(member, false);
      await bus.start();
      await nextState(member, true);
      // Timers fire in the order of their deadlines.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(member.log.all.map(({ level }) => level)).toEqual(["warning", "notice", "warning", "notice"]);
  });
});

describe("a peer that is not a bus", () => {
  /** Listens in place of a bus, and handles each connection as the test says. */
  async function listen(path: string, accept: (socket: Socket) => void): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      accept(socket);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(path, { force: true });
    });
  }

  it.each<[string, (socket: Socket) => void]>([
    ["it refuses this user", (socket) => void socket.write("REJECTED EXTERNAL\r\n")],
    ["it refuses this user", (socket) => void socket.write("x".repeat(2_000))],
    ["it closed the connection", (socket) => void socket.end()],
    ["what it sends is not D-Bus", (socket) => void socket.write("OK 1234\r\nHTTP/1.1 400 Bad Request\r\n\r\n")],
  ])("is not taken for one: %s", async (because, accept) => {
    const bus = absentBus();
    const attempts = new Growing<Socket>();
    await listen(bus.path, (socket) => {
      accept(socket);
      attempts.add(socket);
    });
    const member = join(bus.address, ["staf"]);
    for (let count = 0; count < 3; count++) await attempts.next(() => true);
    expect(states(member)).toEqual([{ kind: "bus-state", up: false }]);
    expect(member.log.all).toHaveLength(1);
    expect(member.log.all[0]?.text).toContain(`(${because})`);
  });

  it.each<[string, (socket: Socket) => void]>([
    ["to the authentication", () => undefined],
    ["to Hello", (socket) => void socket.write("OK 1234\r\n")],
  ])("that never answers %s is given up", async (_, accept) => {
    const bus = absentBus();
    await listen(bus.path, accept);
    const member = join(bus.address, ["staf"], { connect: Milliseconds(20) });
    await nextState(member, false);
    expect(member.log.all[0]?.text).toContain("(it does not answer)");
  });
});

describe("a process that leaves the bus", () => {
  it("receives nothing more, and does not come back", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const before = member.events.all.length;
    member.bus.close();
    await bus.until(() => bus.ownerOf(STAF) === undefined);
    const hellos = bus.asked.filter((asked) => asked === "Hello").length;
    await bus.stop();
    await bus.start();
    const other = await joined(bus, ["staf"]);
    expect(other.events.all).toHaveLength(1);
    expect(member.events.all).toHaveLength(before);
    expect(bus.asked.filter((asked) => asked === "Hello")).toHaveLength(hellos + 1);
    member.bus.close();
  });

  it("may leave while it still connects", async () => {
    const bus = await startBus();
    const member = join(bus.address, ["staf"]);
    member.bus.close();
    await joined(bus, ["staf"]);
    expect(member.events.all).toEqual([]);
  });

  it("first sends its earlier replies", async () => {
    const bus = await startBus();
    const member = await joined(bus, ["staf"]);
    const answer = bus.call({ ...LIST, member: "get_all_log_pages" });
    const { call } = await nextCall(member);
    const text = "x".repeat(4 << 20);
    member.bus.reply(call, { ok: true, values: [text] });
    member.bus.close();
    expect((await answer).body?.[0]).toHaveLength(text.length);
  });
});
