import { describe, expect, test } from "vitest";
import { itself, referral, subsystem } from "../../lab/cdc/cdc.js";
import { after, live, portOf, startCdc } from "./cdc-kit.js";
import { HOST } from "./nvme-tcp-host.js";

const VOLUME = subsystem("nqn.2024-01.io.example:vol1", "10.0.0.1", 4420);
const NCC = 4;

const text = (bytes: Buffer, start: number, length: number): string => bytes.toString("latin1", start, start + length);
/** The header of a discovery log page: genctr, numrec, recfmt, DLPF, TDLPL. */
const header = (bytes: Buffer): readonly unknown[] => [
  bytes.readBigUInt64LE(0),
  bytes.readBigUInt64LE(8),
  bytes.readUInt16LE(16),
  bytes.readUInt8(18),
  bytes.readUInt32LE(20),
];
const nqns = (bytes: Buffer, stride = 1024): readonly string[] => {
  const found: string[] = [];
  for (let at = 1024; at + stride <= bytes.length; at += stride) found.push(text(bytes, at + 256, 256).split("\0")[0]!);
  return found;
};

describe("Identify", () => {
  test.each([
    ["cdc", {}, 2, 2],
    ["ddc", {}, 1, 2],
    ["none", {}, 0, 2],
    [7, {}, 7, 2],
    ["cdc", { cntrltype: 0 }, 2, 0],
  ] as const)("reports the type %s", async (kind, more, dctype, cntrltype) => {
    const host = await live(await startCdc({ kind, ...more }));
    const { data } = await host.identify();
    expect([data.readUInt8(1806), data.readUInt8(111), data.readUInt16LE(78)]).toEqual([dctype, cntrltype, 1]);
    expect([data.readUInt32LE(92), data.readUInt32LE(80), data.readUInt16LE(320)]).toEqual([0x8000_0000, 0x2_0000, 1]);
  });

  test("reports another type after a change", async () => {
    const cdc = await startCdc({ kind: "none" });
    const host = await live(cdc);
    await cdc.change({ do: "identity", kind: "ddc" });
    expect((await host.identify()).data.readUInt8(1806)).toBe(1);
    expect((await host.logPage(0, 1024)).data.readUInt32LE(0x70 * 4)).toBe(0x0002_0001);
  });
});

describe("the supported log pages", () => {
  test.each([
    ["cdc", undefined, 0x0001_0001],
    ["ddc", undefined, 0x0002_0001],
    ["ddc", ["pleos", "extdlpes", "allsubes"], 0x0007_0001],
    ["cdc", [], 0x0000_0001],
  ] as const)("of a %s with %j", async (kind, features, expected) => {
    const host = await live(await startCdc({ kind, ...(features === undefined ? {} : { features: [...features] }) }));
    const { data } = await host.logPage(0, 1024);
    expect([data.readUInt32LE(0), data.readUInt32LE(4), data.readUInt32LE(0x70 * 4)]).toEqual([1, 0, expected]);
  });

  test("do not exist for a controller of no type", async () => {
    const host = await live(await startCdc({ kind: "none" }));
    expect((await host.logPage(0, 1024)).status).toBe(0x4109);
    expect((await host.logPage(0x71, 1024)).status).toBe(0x4109);
  });
});

describe("the discovery log page", () => {
  test("is read whole, in parts and past its end", async () => {
    const host = await live(await startCdc({ entries: [VOLUME, referral("10.0.0.2", 8009)], genctr: 41 }));
    const whole = (await host.logPage(0x70, 4096)).data;
    expect(header(whole)).toEqual([41n, 2n, 0, 0, 3072]);
    expect(text(whole, 1024, 10)).toBe("\x03\x01\x02\x00\x01\x00\xff\xff\x20\x00");
    expect(nqns(whole.subarray(0, 3072))).toEqual([
      "nqn.2024-01.io.example:vol1",
      "nqn.2014-08.org.nvmexpress.discovery",
    ]);
    expect(text(whole, 1024 + 512, 12)).toBe("10.0.0.1\0\0\0\0");
    expect([whole.readUInt8(2048 + 2), text(whole, 2048 + 32, 6)]).toEqual([1, "8009\0\0"]);
    expect(whole.subarray(3072).equals(Buffer.alloc(1024))).toBe(true);
    const part = (await host.logPage(0x70, 20, { offset: 1020 })).data;
    expect(part.equals(whole.subarray(1020, 1040))).toBe(true);
    expect((await host.logPage(0x70, 8, { offset: 65_536 })).data.equals(Buffer.alloc(8))).toBe(true);
    expect((await host.logPage(0x70, 8, { offset: 2 })).status).toBe(0x4002);
  });

  test("can hold a thousand entries", async () => {
    const entries = Array.from({ length: 1000 }, (_, index) =>
      subsystem(`nqn.2024-01.io.example:v${index}`, "::1", 4420),
    );
    const host = await live(await startCdc({ entries }));
    const { data } = await host.logPage(0x70, 1000 * 1024, { offset: 1024 });
    expect(text(data, 999 * 1024 + 256, 27)).toBe("nqn.2024-01.io.example:v999");
    expect(data.readUInt8(1)).toBe(2);
    expect((await host.logPage(0x70, 2 ** 21)).status).toBe(0x4002);
  });

  test("holds entries padded with spaces, with NCC, and as raw bytes", async () => {
    const raw = Buffer.alloc(1024, 0xfe);
    const host = await live(
      await startCdc({ entries: [{ ...VOLUME, padding: "space", eflags: NCC }, { raw: raw.toString("hex") }] }),
    );
    const { data } = await host.logPage(0x70, 3072);
    expect(text(data, 1024 + 512, 256)).toBe("10.0.0.1".padEnd(256));
    expect(data.readUInt16LE(1024 + 10)).toBe(NCC);
    expect(data.subarray(2048).equals(raw)).toBe(true);
  });

  test("lies in its header until the lie is removed", async () => {
    const cdc = await startCdc({ entries: [VOLUME] });
    const host = await live(cdc);
    await cdc.change({ do: "header", numrec: "18446744073709551615", recfmt: 1, tdlpl: 5 });
    expect(header((await host.logPage(0x70, 1024)).data)).toEqual([1n, 0xffff_ffff_ffff_ffffn, 1, 0, 5]);
    await cdc.change({ do: "header" });
    expect(header((await host.logPage(0x70, 1024)).data)).toEqual([1n, 1n, 0, 0, 2048]);
  });

  test("has a generation counter that wraps", async () => {
    const cdc = await startCdc({ genctr: "18446744073709551615" });
    const host = await live(cdc);
    const genctr = async (): Promise<unknown> => (await host.logPage(0x70, 20)).data.readBigUInt64LE(0);
    expect(await genctr()).toBe(0xffff_ffff_ffff_ffffn);
    await cdc.change({ do: "entries", entries: [VOLUME] });
    expect(await genctr()).toBe(0n);
    await cdc.change({ do: "genctr", value: 9 });
    expect(await genctr()).toBe(9n);
    await cdc.change({ do: "genctr" });
    expect(await genctr()).toBe(10n);
  });

  test("changes between two reads if a rule says so", async () => {
    const cdc = await startCdc({ entries: [VOLUME] });
    await cdc.change({
      do: "rule",
      rule: {
        when: { lid: 0x70, offsetAtLeast: 1024 },
        deed: { kind: "turn", entries: [VOLUME, VOLUME] },
        times: 1,
      },
    });
    const host = await live(cdc);
    const read = async (): Promise<readonly unknown[]> => {
      const before = header((await host.logPage(0x70, 1024)).data).slice(0, 2);
      await host.logPage(0x70, 1024, { offset: 1024 });
      return [...before, ...header((await host.logPage(0x70, 1024)).data).slice(0, 2)];
    };
    expect(await read()).toEqual([1n, 1n, 2n, 2n]);
    expect(await read()).toEqual([2n, 2n, 2n, 2n]);
  });

  test("has only the entries of its port, if port-local entries are supported and requested", async () => {
    const entries = [
      { ...VOLUME, subnqn: "nqn.2024-01.io.example:one" },
      { ...VOLUME, subnqn: "nqn.2024-01.io.example:two", portid: 2 },
    ];
    const listen = [{ portid: 1 }, { portid: 2 }];
    const ddc = await startCdc({ kind: "ddc", entries, listen });
    const host = await live(ddc, { index: 1 });
    const local = (await host.logPage(0x70, 2048, { lsp: 2 })).data;
    expect([header(local)[1], header(local)[3], ...nqns(local)]).toEqual([1n, 2, "nqn.2024-01.io.example:two"]);
    expect(header((await host.logPage(0x70, 1024)).data)[1]).toBe(2n);
    const central = await live(await startCdc({ kind: "cdc", entries, listen }));
    expect(header((await central.logPage(0x70, 1024, { lsp: 2 })).data).slice(1, 4)).toEqual([2n, 0, 0]);
  });

  test("hides entries from other hosts, unless all entries are supported and requested", async () => {
    const entries = [VOLUME, { ...VOLUME, subnqn: "nqn.2024-01.io.example:mine", hosts: [HOST] }];
    const cdc = await startCdc({ entries, features: ["allsubes"] });
    const mine = await live(cdc);
    const other = await live(cdc, { hostnqn: `${HOST}6` });
    expect(header((await mine.logPage(0x70, 1024)).data)[1]).toBe(2n);
    expect(header((await other.logPage(0x70, 1024)).data)[1]).toBe(1n);
    expect(header((await other.logPage(0x70, 1024, { lsp: 4 })).data).slice(1, 4)).toEqual([2n, 0, 4]);
  });

  test("has extended entries, if they are supported and requested", async () => {
    const entries = [
      { ...VOLUME, attributes: [{ type: 2, value: Buffer.from("label").toString("hex") }] },
      { raw: Buffer.alloc(1024, 1).toString("hex") },
      { raw: Buffer.alloc(1100, 2).toString("hex") },
    ];
    const cdc = await startCdc({ kind: "cdc", entries });
    const host = await live(cdc);
    const length = 1024 + 1044 + 1032 + 1100;
    const { data } = await host.logPage(0x70, length, { lsp: 1 });
    expect(header(data)).toEqual([1n, 3n, 0, 1, length]);
    expect([data.readUInt32LE(2048), data.readUInt16LE(2052)]).toEqual([1044, 1]);
    expect(data.subarray(2056, 2068).toString("latin1")).toBe("\x02\0\x08\0label\0\0\0");
    expect([data[2068], data.readUInt32LE(2068 + 1024), data[3100], data[length - 1]]).toEqual([1, 1032, 2, 2]);
    expect(header((await host.logPage(0x70, 1024)).data)).toEqual([1n, 3n, 0, 0, 4096]);
  });

  test("can refer to a controller that refers back", async () => {
    const first = await startCdc();
    const second = await startCdc({ entries: [referral("127.0.0.1", portOf(first))] });
    const { ports } = first;
    await first.change({ do: "entries", entries: [itself(ports[0]!), referral("127.0.0.1", portOf(second))] });
    const next = async (from: typeof first, offset: number): Promise<number> => {
      const host = await live(from);
      after(() => host.end());
      return Number(text((await host.logPage(0x70, 1024, { offset })).data, 32, 32).replaceAll("\0", ""));
    };
    expect(await next(first, 2048)).toBe(portOf(second));
    expect(await next(second, 1024)).toBe(portOf(first));
  });
});
