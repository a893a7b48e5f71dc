import { describe, expect, test, vi } from "vitest";
import { after, dial, live, startCdc } from "./cdc-kit.js";
import { HOST, capsule } from "./nvme-tcp-host.js";

const UNIQUE = "nqn.2024-01.io.example:discovery";
const IDENTIFY = capsule(1, { opcode: 0x06, dwords: { 10: 1 }, expect: 4096 });

/** Type, fatal error status and error information of a PDU. */
const fatal = (pdu: Buffer): readonly number[] => [pdu.readUInt8(0), pdu.readUInt16LE(8), pdu.readUInt32LE(10)];

describe("a connection", () => {
  test("begins with an ICReq, answered without digests and without alignment", async () => {
    const host = await dial(await startCdc());
    const answer = await host.hello((request) => request.writeUInt8(3, 11));
    const expected = Buffer.alloc(128);
    expected.set([1, 0, 128, 0, 128]);
    expected.writeUInt32LE(65_536, 12);
    expect(answer.toString("hex")).toBe(expected.toString("hex"));
  });

  test("is read in pieces of any size", async () => {
    const host = await dial(await startCdc());
    const request = Buffer.alloc(128);
    request.set([0, 0, 128, 0, 128]);
    for (const byte of Buffer.concat([request, IDENTIFY])) host.write(Buffer.from([byte]));
    expect((await host.other()).readUInt8(0)).toBe(1);
    await host.submit({ opcode: 0x18, cid: 9 });
    // The command before the Connect was answered as well: out of sequence.
    expect(host.received.readUInt16LE(128 + 22) >> 1).toBe(0x400c);
  });

  test("aligns its data as the host asks", async () => {
    const host = await dial(await startCdc());
    await host.hello((request) => request.writeUInt8(7, 10));
    await host.connect();
    await host.setProperty(0x14, 1);
    const before = host.received.length;
    const { data } = await host.identify();
    expect(host.received.readUInt8(before + 3)).toBe(32);
    expect(data.length).toBe(4096);
  });

  test.each([
    ["an unknown type", (pdu: Buffer) => pdu.writeUInt8(0x0b, 0), [3, 1, 0]],
    ["a type that only a controller sends", (pdu: Buffer) => pdu.writeUInt8(0x05, 0), [3, 1, 0]],
    ["a digest", (pdu: Buffer) => pdu.writeUInt8(1, 1), [3, 1, 1]],
    ["an incorrect header length", (pdu: Buffer) => pdu.writeUInt8(24, 2), [3, 1, 2]],
    [
      "data that starts inside the header",
      (pdu: Buffer) => (pdu.writeUInt32LE(73, 4), pdu.writeUInt8(8, 3)),
      [3, 1, 3],
    ],
    ["4 GiB", (pdu: Buffer) => pdu.writeUInt32LE(0xffff_ffff, 4), [3, 1, 4]],
    ["a length shorter than its header", (pdu: Buffer) => pdu.writeUInt32LE(71, 4), [3, 1, 4]],
    ["data that was not requested", (pdu: Buffer) => (pdu.set([6, 4, 24, 0, 24]), pdu.fill(0, 5, 24)), [3, 1, 10]],
  ])("ends after a PDU with %s", async (_what, spoil, expected) => {
    const host = await dial(await startCdc());
    await host.hello();
    const pdu = Buffer.concat([IDENTIFY, Buffer.alloc(1)]);
    spoil(pdu);
    host.write(pdu);
    expect(fatal(await host.other())).toEqual(expected);
    await host.closed;
  });

  test.each([
    ["from an unexpected offset", 2, 0, 8, 4, [3, 4, 12]],
    ["beyond the request", 2, 0, 0, 12, [3, 4, 16]],
    ["marked as last too early", 2, 4, 0, 4, [3, 1, 1]],
    ["for another command", 1, 4, 0, 8, [3, 1, 10]],
  ])("ends after data %s", async (_what, cid, flags, offset, length, expected) => {
    const host = await dial(await startCdc());
    await host.hello();
    // An R2T answers a request for eight bytes. The data carries its tag.
    host.write(capsule(2, { opcode: 0x21, send: Buffer.alloc(8), how: "on-request" }).subarray(0, 72));
    const pdu = Buffer.alloc(24 + length);
    pdu.set([6, flags, 24, 24, pdu.length]);
    pdu.writeUInt16LE(cid, 8);
    pdu.writeUInt16LE(2, 10);
    pdu.writeUInt32LE(offset, 12);
    pdu.writeUInt32LE(length, 16);
    host.write(pdu);
    expect(fatal(await host.other())).toEqual(expected);
    await host.closed;
  });

  test("ends after a command before the ICReq, and after a second ICReq", async () => {
    const cdc = await startCdc();
    const early = await dial(cdc);
    early.write(IDENTIFY);
    expect(fatal(await early.other())).toEqual([3, 2, 0]);
    const twice = await dial(cdc);
    await twice.hello();
    expect(fatal(await twice.hello())).toEqual([3, 2, 0]);
    const other = await dial(cdc);
    expect(fatal(await other.hello((request) => request.writeUInt16LE(1, 8)))).toEqual([3, 6, 8]);
  });

  test("ends when the host ends it, and the reason is recorded", async () => {
    const cdc = await startCdc();
    const host = await live(cdc);
    const pdu = Buffer.alloc(24);
    pdu.set([2, 0, 24, 0, 24, 0, 0, 0, 5]);
    host.write(pdu);
    await host.closed;
    const { associations } = await cdc.seen();
    expect(associations).toMatchObject([
      { hostnqn: HOST, state: "gone", reason: "the host terminated the connection with fatal error 5" },
    ]);
  });

  test("holds a bounded number of unanswered commands", async () => {
    const cdc = await startCdc();
    await cdc.change({ do: "rule", rule: { when: { opcode: 0x06 }, deed: { kind: "never" } } });
    const host = await live(cdc);
    for (let cid = 1000; cid < 1257; cid++) host.write(capsule(cid, { opcode: 0x06, dwords: { 10: 1 }, expect: 4096 }));
    expect(fatal(await host.other())).toEqual([3, 2, 8]);
    await host.closed;
  });
});

describe("a Connect", () => {
  test("creates the controller with the lowest free number", async () => {
    const cdc = await startCdc();
    const hosts = [await dial(cdc), await dial(cdc), await dial(cdc)];
    for (const host of hosts) await host.hello();
    expect((await hosts[0]!.connect()).result).toBe(1n);
    expect((await hosts[1]!.connect()).result).toBe(2n);
    hosts[0]!.end();
    await hosts[0]!.closed;
    await expect.poll(async () => (await cdc.seen()).associations[0]?.state).toBe("gone");
    expect((await hosts[2]!.connect()).result).toBe(1n);
    expect((await hosts[2]!.connect()).status).toBe(0x400c);
  });

  test.each([
    ["an I/O queue", { queue: 1 }, { status: 0x4182, result: 42n }],
    ["another subsystem", { subnqn: "nqn.2024-01.io.example:vol" }, { status: 0x4182, result: 0x1_0100n }],
    ["no host", { hostnqn: "" }, { status: 0x4182, result: 0x1_0200n }],
    ["a controller number of the host's choice", { cntlid: 1 }, { status: 0x4182, result: 0x1_0010n }],
  ])("for %s is refused", async (_what, options, expected) => {
    const host = await dial(await startCdc());
    await host.hello();
    expect(await host.connect(options)).toMatchObject(expected);
    expect((await host.identify()).status).toBe(0x400c);
  });

  test("may name the unique NQN or the well-known one, and Identify returns the unique one", async () => {
    const cdc = await startCdc({ nqn: UNIQUE });
    for (const subnqn of [undefined, UNIQUE]) {
      const host = await live(cdc, subnqn === undefined ? {} : { subnqn });
      const { data } = await host.identify();
      expect(data.toString("latin1", 768, 1024).replace(/\0+$/, "")).toBe(UNIQUE);
    }
  });

  test("is accepted from allowed hosts only, and others get the configured status", async () => {
    const cdc = await startCdc();
    await cdc.change({ do: "hosts", allowed: ["nqn.2014-08.org.nvmexpress:uuid:other"] });
    const host = await dial(cdc);
    await host.hello();
    expect((await host.connect()).status).toBe(0x4184);
    await cdc.change({ do: "hosts", allowed: [], status: 0x4183 });
    expect((await host.connect()).status).toBe(0x4183);
    await cdc.change({ do: "hosts", allowed: "any" });
    expect((await host.connect()).status).toBe(0);
  });
});

describe("a controller", () => {
  test("has the properties that match its state", async () => {
    const host = await dial(await startCdc());
    await host.hello();
    await host.connect();
    expect(await host.getProperty(0x00, 1)).toMatchObject({ status: 0, result: 0x20_0f01_007fn });
    expect(await host.getProperty(0x08)).toMatchObject({ status: 0, result: 0x2_0000n });
    expect((await host.getProperty(0x1c)).result).toBe(0n);
    expect((await host.identify()).status).toBe(0x400c);
    await host.setProperty(0x14, 0x460001);
    expect((await host.getProperty(0x1c)).result).toBe(1n);
    expect((await host.getProperty(0x14)).result).toBe(0x460001n);
    await host.setProperty(0x14, 0x464001);
    expect((await host.getProperty(0x1c)).result).toBe(9n);
    await host.setProperty(0x14, 0);
    expect((await host.getProperty(0x1c)).result).toBe(0n);
    expect((await host.getProperty(0x24)).status).toBe(0x4002);
    expect((await host.setProperty(0x1c, 1)).status).toBe(0x4002);
  });

  test("advances the submission queue head", async () => {
    const host = await live(await startCdc());
    const before = host.received.length;
    await host.keepAlive();
    await host.keepAlive();
    const heads = [host.received.readUInt16LE(before + 16), host.received.readUInt16LE(before + 40)];
    expect(heads[1]).toBe(heads[0]! + 1);
  });

  test("ends when the keep alive timer expires, but not while the host sends keep alives", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    after(() => void vi.useRealTimers());
    const cdc = await startCdc();
    const fed = await live(cdc, { kato: 1000 });
    const starved = await live(cdc, { kato: 1000 });
    vi.advanceTimersByTime(999);
    await fed.keepAlive();
    await starved.identify();
    vi.advanceTimersByTime(1);
    await starved.closed;
    expect((await cdc.seen()).associations).toMatchObject([
      { state: "ready", kato: 1000, keepAlives: 1 },
      { state: "gone", reason: "the keep alive timer expired", keepAlives: 0 },
    ]);
    vi.advanceTimersByTime(1000);
    await fed.closed;
  });

  test("sets known features, and rejects unknown commands", async () => {
    const host = await live(await startCdc(), { kato: 60_000 });
    const get = async (id: number): Promise<unknown> =>
      (await host.submit({ opcode: 0x0a, dwords: { 10: id } })).result;
    expect(await get(0x0f)).toBe(60_000n);
    await host.submit({ opcode: 0x09, dwords: { 10: 0x0f, 11: 0 } });
    expect(await get(0x0f)).toBe(0n);
    expect((await host.enableEvents()).status).toBe(0);
    expect(await get(0x0b)).toBe(0x8000_0000n);
    const refused = [
      { opcode: 0x09, dwords: { 10: 0x0b, 11: 1 } },
      { opcode: 0x09, dwords: { 10: 0x07 } },
      { opcode: 0x0a, dwords: { 10: 0x07 } },
      { opcode: 0x06, dwords: { 10: 2 }, expect: 4096 },
    ];
    for (const one of refused) expect((await host.submit(one)).status).toBe(0x4002);
    expect((await host.submit({ opcode: 0x06, dwords: { 10: 1 }, expect: 512 })).status).toBe(0x400f);
    expect((await host.submit({ opcode: 0x0d })).status).toBe(0x4001);
    expect((await host.submit({ opcode: 0x7f, byte4: 8 })).status).toBe(0x4001);
    expect((await host.submit({ opcode: 0x08, dwords: { 10: 1 } })).result).toBe(1n);
  });
});
