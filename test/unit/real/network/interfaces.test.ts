import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { interfaceIndex, listInterfaces, listWithoutLibc } from "../../../../src/adapters/real/network/interfaces.js";
import { ERRNO } from "../../../../src/core/domain/errno.js";
import { addressMessage, DONE, dumpOf, FakeRtnetlink, linkMessage, message } from "./fake-rtnetlink.js";
import { realLibc } from "./real-libc.js";

const ETH0 = { index: 2, name: "eth0", mac: "5254000000A1" };
const INTERRUPTED = 0x10;
const MULTI = 0x2;

let kernel: FakeRtnetlink;
beforeEach(() => {
  kernel = new FakeRtnetlink(realLibc);
});

/** 2001:db8::N */
const global6 = (last: number): readonly number[] => [0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), last];
const linkLocal = (last: number): readonly number[] => [0xfe, 0x80, ...Array<number>(13).fill(0), last];

describe("the kernel's list of interfaces", () => {
  test("has every interface except loopback, by index, even without an address; no socket stays open", () => {
    kernel.show(
      [{ index: 9, name: "tun0" }, { index: 1, name: "lo", mac: "000000000000", loopback: true }, ETH0],
      [
        { index: 2, bytes: [192, 168, 1, 10] },
        { index: 1, bytes: [127, 0, 0, 1] },
        { index: 2, bytes: linkLocal(1) },
        { index: 77, bytes: [10, 0, 0, 1] },
      ],
    );
    expect(listInterfaces(kernel.libc)).toEqual({
      ok: true,
      interfaces: [
        { name: "eth0", mac: "52:54:00:00:00:a1", addresses: ["192.168.1.10", "fe80::1"] },
        { name: "tun0", mac: "", addresses: [] },
      ],
    });
    expect(kernel.open).toEqual([]);
  });

  test("says of an interface without a carrier that it is down; it keeps its addresses", () => {
    kernel.show([{ ...ETH0, running: false }], [{ index: 2, bytes: [10, 0, 0, 1] }]);
    expect(listInterfaces(kernel.libc)).toMatchObject({ interfaces: [{ addresses: ["10.0.0.1"], down: true }] });
  });

  test("has addresses in the order in which the kernel prefers them, without those of another host", () => {
    const [secondary, duplicate, deprecated, tentative, optimistic] = [0x1, 0x8 | 0x40, 0x20, 0x40, 0x40 | 0x4];
    kernel.show(
      [ETH0],
      [
        { index: 2, bytes: [10, 0, 0, 2], flags: secondary },
        { index: 2, bytes: [10, 0, 0, 1] },
        { index: 2, bytes: global6(5), flags: duplicate },
        { index: 2, bytes: global6(4), flags: tentative },
        { index: 2, bytes: global6(3), flags: deprecated },
        { index: 2, bytes: global6(2), flags: secondary },
        { index: 2, bytes: global6(1), flags: optimistic },
      ],
    );
    expect(listInterfaces(kernel.libc)).toMatchObject({
      interfaces: [
        {
          addresses: ["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"],
        },
      ],
    });
  });

  test("has the host's own address of a point-to-point link, not the peer's", () => {
    kernel.show([ETH0], [{ index: 2, bytes: [10, 0, 0, 1], peer: [10, 0, 0, 2] }]);
    expect(listInterfaces(kernel.libc)).toMatchObject({ interfaces: [{ addresses: ["10.0.0.1"] }] });
  });

  test.each<[string, string | undefined, string]>([
    ["Ethernet", "0A1b2C3d4e5F", "0a:1b:2c:3d:4e:5f"],
    ["InfiniBand", "80".repeat(20), Array(20).fill("80").join(":")],
    ["all zero", "000000000000", ""],
    ["an IPv4 tunnel", "0a000001", ""],
    ["an IPv6 tunnel", "20".repeat(16), ""],
    ["none", undefined, ""],
  ])("has the right MAC: %s", (_what, mac, expected) => {
    kernel.show([mac === undefined ? { index: 2, name: "x0" } : { index: 2, name: "x0", mac }]);
    expect(listInterfaces(kernel.libc)).toMatchObject({ interfaces: [{ mac: expected }] });
  });

  test("is read to its end from many datagrams", () => {
    const many = Array.from({ length: 200 }, (_, index) => index + 1);
    const mac = (index: number): string => `02000000${index.toString(16).padStart(4, "0")}`;
    const bytes = (index: number): readonly number[] => [10, 0, index >> 8, index & 255];
    kernel.links = () => [...many.map((index) => linkMessage({ index, name: `veth${index}`, mac: mac(index) })), DONE];
    kernel.addresses = () => [...many.map((index) => addressMessage({ index, bytes: bytes(index) })), DONE];
    expect(listInterfaces(kernel.libc)).toEqual({
      ok: true,
      interfaces: many.map((index) => ({
        name: `veth${index}`,
        mac: mac(index).replace(/..(?=.)/g, "$&:"),
        addresses: [bytes(index).join(".")],
      })),
    });
  });

  test("is requested again after an interrupted dump, and the third dump counts as it is", () => {
    const torn = linkMessage(ETH0);
    torn.writeUInt16LE(MULTI | INTERRUPTED, 6);
    kernel.links = () => (kernel.dumps < 2 ? dumpOf([torn]) : dumpOf([linkMessage({ ...ETH0, name: "eth1" })]));
    expect(listInterfaces(kernel.libc)).toMatchObject({ interfaces: [{ name: "eth1" }] });
    expect(kernel.dumps).toBe(2);
    kernel.links = () => dumpOf([torn]);
    kernel.dumps = 0;
    expect(listInterfaces(kernel.libc)).toMatchObject({ interfaces: [{ name: "eth0" }] });
    expect(kernel.dumps).toBe(3);
  });

  const errnoMessage = (type: number, errno: number): Buffer => {
    const body = Buffer.alloc(4);
    body.writeInt32LE(-errno);
    return message(type, body);
  };

  test.each<[string, (kernel: FakeRtnetlink) => void, number]>([
    ["a socket cannot be made", (fake) => (fake.socketErrno = ERRNO.EMFILE), ERRNO.EMFILE],
    ["an error message", (fake) => (fake.links = () => [errnoMessage(2, ERRNO.EPERM)]), ERRNO.EPERM],
    ["an error message at the end", (fake) => (fake.addresses = () => [errnoMessage(3, ERRNO.ENOMEM)]), ERRNO.ENOMEM],
    ["the end is missing", (fake) => (fake.links = () => [linkMessage(ETH0)]), ERRNO.EAGAIN],
    ["a read fails", (fake) => (fake.addresses = () => [{ errno: ERRNO.ENOBUFS }]), ERRNO.ENOBUFS],
    [
      "the dump never ends",
      (fake) => (fake.links = () => Array<Buffer>(6_000).fill(linkMessage(ETH0))),
      ERRNO.EOVERFLOW,
    ],
  ])("is not empty but an error: %s", (_what, arrange, errno) => {
    kernel.show([ETH0]);
    arrange(kernel);
    expect(listInterfaces(kernel.libc)).toEqual({ ok: false, errno });
    expect(kernel.open).toEqual([]);
  });

  test("skips malformed messages and attributes", () => {
    const short = Buffer.from(linkMessage(ETH0));
    short.writeUInt16LE(2, 16 + 16);
    const long = Buffer.from(linkMessage(ETH0));
    long.writeUInt16LE(0xffff, 16 + 16);
    const odd = addressMessage({ index: 2, bytes: [1, 2, 3] });
    const stub = message(16, Buffer.alloc(3));
    const good = linkMessage({ ...ETH0, index: 3, name: "eth3" });
    kernel.links = () => dumpOf([short, long, stub, odd, good]);
    kernel.addresses = () => dumpOf([odd, message(20, Buffer.alloc(2))]);
    expect(listInterfaces(kernel.libc)).toMatchObject({ interfaces: [{ name: "eth3", addresses: [] }] });
    const cut = linkMessage(ETH0);
    cut.writeUInt32LE(0xffff_ffff, 0);
    kernel.links = () => [cut, Buffer.alloc(7), Buffer.alloc(16), DONE];
    expect(listInterfaces(kernel.libc)).toEqual({ ok: true, interfaces: [] });
  });

  test("agrees with Node about this host", () => {
    const listed = listInterfaces(realLibc);
    if (!listed.ok) throw new Error(String(listed.errno));
    for (const [name, seen = []] of Object.entries(networkInterfaces())) {
      if (seen.some(({ internal }) => internal)) continue;
      const mine = listed.interfaces.find((one) => one.name === name);
      expect(new Set(mine?.addresses)).toEqual(new Set(seen.map(({ address }) => address)));
      expect(mine?.mac).toBe(seen[0]?.mac);
    }
    expect(listed.interfaces.map(({ name }) => name)).not.toContain("lo");
  });
});

describe("without the C library", () => {
  const sys = mkdtempSync(join(tmpdir(), "stas-net-"));
  afterAll(() => {
    rmSync(sys, { recursive: true });
  });
  const put = (name: string, file: string, text: string): void => {
    mkdirSync(join(sys, name), { recursive: true });
    writeFileSync(join(sys, name, file), text);
  };

  test("sysfs adds the interfaces that Node omits", () => {
    put("zz-down", "address", "52:54:00:00:00:B1\n");
    put("zz-ip", "address", "0a:00:00:01\n");
    put("lo", "address", "00:00:00:00:00:00\n");
    writeFileSync(join(sys, "bonding_masters"), "bond0\n");
    const listed = listWithoutLibc(sys);
    expect(listed.filter(({ name }) => name.startsWith("zz"))).toEqual([
      { name: "zz-down", mac: "52:54:00:00:00:b1", addresses: [] },
      { name: "zz-ip", mac: "", addresses: [] },
    ]);
    const names = listed.map(({ name }) => name);
    expect(names).not.toContain("lo");
    expect(names).not.toContain("bonding_masters");
  });

  test("sysfs gives the index of an interface", () => {
    put("eth7", "ifindex", "7\n");
    put("odd", "ifindex", "-3\n");
    expect(interfaceIndex(sys, "eth7")).toBe(7);
    for (const name of ["eth8", "odd", "", ".", "..", "../eth7", "eth7\0"]) {
      expect(interfaceIndex(sys, name)).toBeUndefined();
    }
  });
});
