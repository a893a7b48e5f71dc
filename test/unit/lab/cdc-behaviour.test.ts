import { once } from "node:events";
import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { subsystem } from "../../lab/cdc/cdc.js";
import { WiredCdc, serveCdc } from "../../lab/cdc/wire.js";
import { after, dial, live, portOf, startCdc } from "./cdc-kit.js";
import { HOST, TestHost } from "./nvme-tcp-host.js";

const VOLUME = subsystem("nqn.2024-01.io.example:vol1", "10.0.0.1", 4420);
const EVENT = 0x70f002n;

/** True if the event did not come before a later command was answered. */
async function still(host: TestHost, event: Promise<unknown>): Promise<boolean> {
  let came = false;
  void event.then(
    () => (came = true),
    () => undefined,
  );
  await host.keepAlive();
  return !came;
}

describe("an event", () => {
  test("comes once, and again only after a read of the page with RAE=0", async () => {
    const cdc = await startCdc();
    const host = await live(cdc);
    await host.enableEvents();
    const first = host.requestEvent();
    await cdc.change({ do: "entries", entries: [VOLUME] });
    expect((await first).result).toBe(EVENT);
    const second = host.requestEvent();
    await cdc.change({ do: "entries", entries: [] });
    await host.logPage(0x70, 1024, { rae: 1 });
    await cdc.change({ do: "aen" });
    expect(await still(host, second)).toBe(true);
    expect((await cdc.seen()).associations).toMatchObject([{ eventMasked: true, eventRequests: 1 }]);
    await host.logPage(0x70, 20, { rae: 0 });
    expect(await still(host, second)).toBe(true);
    await cdc.change({ do: "aen" });
    expect((await second).result).toBe(EVENT);
  });

  test("waits for a request, and goes out even while masked if it is forced", async () => {
    const cdc = await startCdc();
    const host = await live(cdc);
    await host.enableEvents();
    await cdc.change({ do: "aen" });
    expect((await host.requestEvent()).result).toBe(EVENT);
    await cdc.change({ do: "aen", mask: "forced", event: 0x71f102 });
    expect((await host.requestEvent()).result).toBe(0x71f102n);
  });

  test("goes neither to a host that did not ask nor to one that sees no difference", async () => {
    const cdc = await startCdc();
    const [deaf, other, mine] = [await live(cdc), await live(cdc, { hostnqn: `${HOST}6` }), await live(cdc)];
    await other.enableEvents();
    await mine.enableEvents();
    const events = [deaf, other, mine].map((host) => host.requestEvent());
    await cdc.change({ do: "entries", entries: [{ ...VOLUME, hosts: [HOST] }] });
    expect((await events[2]!).result).toBe(EVENT);
    expect(await still(deaf, events[0]!)).toBe(true);
    expect(await still(other, events[1]!)).toBe(true);
    await cdc.change({ do: "entries", entries: [], announce: "quiet" });
    expect((await cdc.seen()).associations.map(({ eventMasked }) => eventMasked)).toEqual([false, false, true]);
  });

  test("can wait for four requests, which a controller reset ends", async () => {
    const cdc = await startCdc();
    const host = await live(cdc);
    for (let count = 0; count < 4; count++) void host.requestEvent();
    expect((await host.requestEvent()).status).toBe(0x4105);
    await host.setProperty(0x14, 0);
    await host.setProperty(0x14, 1);
    expect((await cdc.seen()).associations[0]).toMatchObject({ eventRequests: 0, eventMasked: false });
  });
});

/** A DIM of one host entry with its host identifier, as in figures 497 to 499 of the specification. */
function registration(change: (data: Buffer) => void = () => undefined): Buffer {
  const data = Buffer.alloc(1024 + 1032 + 20);
  data.writeUInt32LE(data.length, 0);
  data.writeBigUInt64LE(1n, 8);
  data.writeUInt16LE(2, 16);
  data.writeUInt16LE(1, 18);
  data.writeUInt16LE(0x5f, 22);
  data.write(HOST, 24);
  data.write("lab", 280);
  data.set([3, 1], 1024);
  data.write(HOST, 1024 + 256);
  data.writeUInt32LE(1052, 1024 + 1024);
  data.writeUInt16LE(1, 1024 + 1028);
  data.writeUInt16LE(1, 2056);
  data.writeUInt16LE(16, 2058);
  data.fill(0x11, 2060);
  change(data);
  return data;
}

describe("a registration", () => {
  const register = (host: TestHost, send: Buffer, task = 0, how: "capsule" | "on-request" = "capsule") =>
    host.submit({ opcode: 0x21, dwords: { 10: task }, send, how });

  test.each(["capsule", "on-request"] as const)("is stored byte by byte, sent by %s", async (how) => {
    const cdc = await startCdc();
    const host = await live(cdc);
    const data = registration();
    expect((await register(host, data, 0, how)).status).toBe(0);
    const { registrations, registered } = await cdc.seen();
    expect(registrations).toEqual([
      { association: 1, hostnqn: HOST, task: 0, data: data.toString("hex"), status: 0, problem: "" },
    ]);
    expect(registered).toEqual({ [HOST]: data.toString("hex") });
    expect((await register(host, data, 1, how)).status).toBe(0);
    expect((await cdc.seen()).registered).toEqual({});
  });

  test.each([
    ["an incorrect total length", 0x4002, (data: Buffer) => data.writeUInt32LE(2000, 0)],
    ["no entry", 0x4002, (data: Buffer) => data.writeBigUInt64LE(0n, 8)],
    ["an incorrect count", 0x4002, (data: Buffer) => data.writeBigUInt64LE(2n, 8)],
    ["an unknown format", 0x4002, (data: Buffer) => data.writeUInt16LE(3, 16)],
    ["a host's basic entry", 0x412f, (data: Buffer) => data.writeUInt16LE(1, 16)],
    ["an unknown entity", 0x4002, (data: Buffer) => data.writeUInt16LE(0, 18)],
    ["a port-local host", 0x4002, (data: Buffer) => data.writeUInt8(1, 20)],
    ["a key that is not a host's", 0x4002, (data: Buffer) => data.writeUInt16LE(0x3f, 22)],
    ["an entry that reaches beyond the data", 0x4002, (data: Buffer) => data.writeUInt32LE(4096, 2048)],
    ["an entry shorter than its attributes", 0x4002, (data: Buffer) => data.writeUInt32LE(1040, 2048)],
    ["an entry longer than its attributes", 0x4002, (data: Buffer) => data.writeUInt16LE(0, 2052)],
    ["more attributes than it holds", 0x4002, (data: Buffer) => data.writeUInt16LE(2, 2052)],
    ["no host identifier", 0x412f, (data: Buffer) => data.writeUInt16LE(2, 2056)],
    ["a malformed attribute", 0x4002, (data: Buffer) => data.writeUInt16LE(15, 2058)],
    ["a port of a subsystem", 0x412f, (data: Buffer) => data.writeUInt16LE(1, 1024 + 4)],
  ])("with %s is rejected, and recorded with the problem", async (_what, status, spoil) => {
    const cdc = await startCdc();
    const host = await live(cdc);
    expect((await register(host, registration(spoil))).status).toBe(status);
    const { registrations, registered } = await cdc.seen();
    expect(registrations).toMatchObject([{ status }]);
    expect(registrations[0]!.problem).not.toBe("");
    expect(registered).toEqual({});
  });

  test("for another task is rejected, and an update needs two entries", async () => {
    const host = await live(await startCdc());
    expect((await register(host, registration(), 3)).status).toBe(0x4002);
    expect((await register(host, registration(), 2)).status).toBe(0x4002);
    expect((await register(host, Buffer.alloc(512))).status).toBe(0x4002);
    expect((await register(host, Buffer.alloc(70_000), 0, "on-request")).status).toBe(0x4002);
  });

  test("is unknown to a controller that is neither CDC nor DDC, and rejected by a rule", async () => {
    const plain = await live(await startCdc({ kind: "none" }));
    expect((await register(plain, registration())).status).toBe(0x4001);
    const cdc = await startCdc({ kind: "ddc" });
    const host = await live(cdc);
    await cdc.change({
      do: "rule",
      rule: { when: { opcode: 0x21 }, deed: { kind: "reject", status: 0x132 }, times: 1 },
    });
    expect((await register(host, registration())).status).toBe(0x132);
    expect((await register(host, registration())).status).toBe(0);
  });
});

describe("a rule", () => {
  test("rejects a log page by identifier, field and host, as often as configured", async () => {
    const cdc = await startCdc();
    const reject = (when: object, times?: number) =>
      cdc.change({
        do: "rule",
        rule: { when, deed: { kind: "reject", status: 0x6002 }, ...(times === undefined ? {} : { times }) },
      });
    await reject({ lid: 0x70, lsp: 2, hostnqn: HOST });
    await reject({ lid: 0x00 }, 2);
    const host = await live(cdc);
    const other = await live(cdc, { hostnqn: `${HOST}6` });
    expect((await host.logPage(0x70, 1024, { lsp: 2 })).status).toBe(0x6002);
    expect((await host.logPage(0x70, 1024)).status).toBe(0);
    expect((await other.logPage(0x70, 1024, { lsp: 2 })).status).toBe(0);
    const statuses = [];
    for (let time = 0; time < 3; time++) statuses.push((await host.logPage(0, 1024)).status);
    expect(statuses).toEqual([0x6002, 0x6002, 0]);
    await cdc.change({ do: "forget-rules" });
    expect((await host.logPage(0x70, 1024, { lsp: 2 })).status).toBe(0);
  });

  test("answers late, never, with other bytes, or by dropping the connection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    after(() => void vi.useRealTimers());
    const cdc = await startCdc();
    const host = await live(cdc);
    const rule = (opcode: number, deed: object) =>
      cdc.change({ do: "rule", rule: { when: { opcode }, deed: deed as never, times: 1 } });
    await rule(0x06, { kind: "delay", milliseconds: 150 });
    await rule(0x06, { kind: "never" });
    await rule(0x06, { kind: "data", hex: "abcd" });
    await rule(0x06, { kind: "drop" });
    const order: string[] = [];
    const note = (what: string) => (): void => void order.push(what);
    const late = host.identify().then(note("late"));
    const never = host.identify().then(note("never"), note("gone"));
    const { data } = await host.identify();
    note("data")();
    expect([data.length, data.subarray(0, 4).toString("hex")]).toEqual([4096, "abcd0000"]);
    vi.advanceTimersByTime(150);
    await late;
    await expect(host.identify()).rejects.toThrow("gone");
    await never;
    expect(order).toEqual(["data", "late", "gone"]);
  });

  test("refuses a Connect of one host", async () => {
    const cdc = await startCdc();
    const when = { opcode: 0x7f, fctype: 1, hostnqn: HOST };
    await cdc.change({ do: "rule", rule: { when, deed: { kind: "reject", status: 0x181 } } });
    await expect(live(cdc)).rejects.toThrow("0x181");
    await live(cdc, { hostnqn: `${HOST}6` });
  });
});

describe("hosts can meet", () => {
  test("silence, an ICResp and then silence, a closed connection, or garbage", async () => {
    const cdc = await startCdc();
    await cdc.change({ do: "manner", manner: "silent" });
    const silent = await dial(cdc);
    void silent.hello().catch(() => undefined);
    await cdc.change({ do: "manner", manner: "silent-after-icresp" });
    const deaf = await dial(cdc);
    await deaf.hello();
    deaf.connect().catch(() => undefined);
    await cdc.change({ do: "manner", manner: "closing" });
    await (
      await dial(cdc)
    ).closed;
    await cdc.change({ do: "manner", manner: "garbage" });
    const garbled = await dial(cdc);
    await once(garbled.socket, "data");
    expect(garbled.received.equals(Buffer.alloc(128, 0xff))).toBe(true);
    await cdc.change({ do: "manner", manner: "normal" });
    await live(cdc);
    expect([silent.received.length, deaf.received.length]).toEqual([0, 128]);
    expect((await cdc.seen()).accepted).toBe(5);
    await cdc.change({ do: "drop" });
    await Promise.all([silent.closed, deaf.closed, garbled.closed]);
  });

  test("a stall, after which every command is answered", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    after(() => void vi.useRealTimers());
    const cdc = await startCdc();
    const host = await live(cdc, { kato: 1000 });
    await cdc.change({ do: "stall" });
    vi.advanceTimersByTime(1000);
    const late = await dial(cdc);
    const answers = [host.identify(), late.hello()];
    // A round trip over another connection in this process.
    const { ports } = await startCdc();
    (await TestHost.live(ports[0]!.port)).end();
    expect((await cdc.seen()).commands.filter(({ opcode }) => opcode === 0x06)).toEqual([]);
    await cdc.change({ do: "resume" });
    await Promise.all(answers);
  });

  test("a dropped connection: all hosts or one, with a C2HTermReq or without", async () => {
    const cdc = await startCdc();
    const [one, two] = [await live(cdc), await live(cdc, { hostnqn: `${HOST}6` })];
    await cdc.change({ do: "drop", hostnqn: HOST, how: "terminate" });
    expect((await one.other()).readUInt8(0)).toBe(3);
    await one.closed;
    await two.keepAlive();
    await cdc.change({ do: "drop" });
    await two.closed;
    const { associations } = await cdc.seen();
    expect(associations.map(({ reason }) => reason)).toEqual(["dropped", "dropped"]);
    await cdc.change({ do: "forget" });
    expect((await cdc.seen()).associations).toEqual([]);
  });

  test("a port where nothing listens, and later something does", async () => {
    const cdc = await startCdc();
    const host = await live(cdc);
    await cdc.change({ do: "unlisten" });
    const refused = connect(portOf(cdc), "127.0.0.1");
    expect(await once(refused, "error")).toMatchObject([{ code: "ECONNREFUSED" }]);
    await host.keepAlive();
    await cdc.change({ do: "listen" });
    await cdc.change({ do: "listen" });
    await live(cdc);
  });
});

describe("the record", () => {
  test("holds every command with its answer", async () => {
    const cdc = await startCdc();
    const host = await live(cdc, { kato: 5000 });
    await host.logPage(0x70, 20, { rae: 1, lsp: 3, offset: 8 });
    void host.requestEvent();
    await host.keepAlive();
    const { commands, associations } = await cdc.seen();
    expect(commands).toMatchObject([
      { association: 1, opcode: 0x7f, fctype: 1, status: 0 },
      { opcode: 0x02, status: 0, log: { lid: 0x70, lsp: 3, rae: true, offset: 8, length: 20 } },
      { opcode: 0x0c },
    ]);
    expect(commands[2]).not.toHaveProperty("status");
    expect(associations).toMatchObject([{ hostid: "11".repeat(16), kato: 5000, keepAlives: 1, cntlid: 1, portid: 1 }]);
  });
});

describe("a CDC in another process", () => {
  test("takes the same changes and questions, and says why it refuses", async () => {
    const [there, back] = [new PassThrough(), new PassThrough()];
    const served = serveCdc(there, back);
    const cdc = await WiredCdc.start({ kind: "ddc", genctr: "7" }, back, there);
    const host = await TestHost.live(cdc.ports[0]!.port);
    await cdc.change({ do: "entries", entries: [VOLUME] });
    expect((await host.logPage(0x70, 20)).data.readBigUInt64LE(0)).toBe(8n);
    expect((await cdc.seen()).associations).toMatchObject([{ hostnqn: HOST, state: "ready" }]);
    await expect(cdc.change({ do: "entries", entries: [{ traddr: "x".repeat(257) }] })).rejects.toThrow("traddr");
    await expect(cdc.change({ do: "nothing" } as never)).rejects.toThrow();
    await cdc.close();
    await served;
    await host.closed;
  });

  test("does not start if it cannot listen, and ends with its input", async () => {
    const taken = await startCdc();
    const [there, back] = [new PassThrough(), new PassThrough()];
    const served = serveCdc(there, back);
    await expect(WiredCdc.start({ listen: [{ port: portOf(taken) }] }, back, there)).rejects.toThrow("EADDRINUSE");
    there.end();
    await served;
  });
});
