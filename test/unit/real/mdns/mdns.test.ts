/** Real sockets on loopback, which the test's own listing shows with multicast. */
import { createSocket, type Socket } from "node:dgram";
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Libc } from "../../../../src/adapters/real/libc.js";
import { GROUP, MDNS_PORT } from "../../../../src/adapters/real/mdns/link-socket.js";
import { DATAGRAMS_PER_SECOND_MAX, RealMdns } from "../../../../src/adapters/real/mdns/port.js";
import { RateLimit } from "../../../../src/adapters/real/mdns/rate-limit.js";
import { ERRNO } from "../../../../src/core/domain/errno.js";
import type { CoreEvent } from "../../../../src/core/ports/index.js";
import { Growing, lines } from "../bus/kit.js";
import { Logged } from "../events.js";
import { realLibc } from "../network/real-libc.js";

const LOOPBACK = "lo";
const UP_WITH_MULTICAST = "0x1009";
const UP = "0x9";
const SO_BINDTODEVICE = 25;

interface Listener {
  readonly mdns: RealMdns;
  readonly log: Logged;
  /** Received datagrams that start with `test`; others on loopback do not concern the test. */
  readonly heard: Growing<string>;
  /** Changes loopback in the listing. */
  show(index: number, flags: string): void;
}

function listener(libc: Libc | undefined = realLibc): Listener {
  const sysClassNet = mkdtempSync(join(tmpdir(), "stas-net-"));
  mkdirSync(join(sysClassNet, LOOPBACK));
  const show = (index: number, flags: string): void => {
    writeFileSync(join(sysClassNet, LOOPBACK, "ifindex"), `${String(index)}\n`);
    writeFileSync(join(sysClassNet, LOOPBACK, "flags"), `${flags}\n`);
  };
  show(1, UP_WITH_MULTICAST);
  const log = new Logged();
  const heard = new Growing<string>();
  const deliver = (event: CoreEvent): void => {
    if (event.kind !== "mdns-datagram") throw new Error(`a ${event.kind} was delivered`);
    const text = Buffer.from(event.datagram).toString("latin1");
    if (!text.startsWith("test")) return;
    expect(event).toMatchObject({ hostIface: LOOPBACK, family: "ipv4" });
    expect(event.from).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    heard.add(text);
  };
  const mdns = new RealMdns({ libc, deliver, log, sysClassNet });
  onTestFinished(() => {
    mdns.close();
    rmSync(sysClassNet, { recursive: true });
  });
  return { mdns, log, heard, show };
}

function ask({ mdns }: Listener, text: string): void {
  mdns.send(LOOPBACK, "ipv4", Buffer.from(text));
}

async function hears({ heard }: Listener, text: string): Promise<void> {
  await heard.next((one) => one === text);
}

/** A socket on loopback that sends from this port. */
async function speaker(port: number): Promise<Socket> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  onTestFinished(() => {
    socket.close();
  });
  await new Promise<void>((bound) => socket.bind(port, "127.0.0.1", bound));
  socket.setMulticastInterface("127.0.0.1");
  return socket;
}

async function say(socket: Socket, datagram: string, to: string = GROUP.ipv4): Promise<void> {
  await new Promise<void>((sent, failed) => {
    socket.send(datagram, MDNS_PORT, to, (error) => (error === null ? sent() : failed(error)));
  });
}

/** The C library, and how many of the sockets it made are open. (Other tests of this process open their own.) */
function watched(other: Partial<Libc> = {}): { readonly libc: Libc; readonly open: () => number } {
  const made = new Set<string>();
  const socket: Libc["socket"] = (domain, type, protocol) => {
    const result = realLibc.socket(domain, type, protocol);
    if (result.ok) made.add(readlinkSync(`/proc/self/fd/${String(result.value)}`));
    return result;
  };
  const isOurs = (fd: string): boolean => {
    try {
      return made.has(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  };
  return { libc: { ...realLibc, ...other, socket }, open: () => readdirSync("/proc/self/fd").filter(isOurs).length };
}

describe("datagrams", () => {
  it("are sent from the mDNS port, and our own are received as well as those of others", async () => {
    const one = listener();
    const other = listener();
    ask(one, "test one");
    await hears(one, "test one");
    ask(other, "test other");
    await hears(one, "test other");
    await hears(other, "test other");
    expect([one.log.records, other.log.records]).toEqual([[], []]);
  });

  it("are ignored from another port, if longer than a message may be, or if sent to this host alone", async () => {
    const one = listener();
    ask(one, "test first");
    await hears(one, "test first");
    const neighbour = await speaker(MDNS_PORT);
    await say(await speaker(0), "test from another port");
    await say(neighbour, "test".padEnd(9_001, "."));
    await say(neighbour, "test to one host", "127.0.0.2");
    const longest = "test".padEnd(9_000, ".");
    await say(neighbour, longest);
    await hears(one, longest);
    expect(one.heard.all).toEqual(["test first", longest]);
  });

  it("stop once the interface is left, and come again once it is queried", async () => {
    const one = listener();
    const other = listener();
    ask(one, "test 1");
    await hears(one, "test 1");
    one.mdns.leave(LOOPBACK);
    one.mdns.leave(LOOPBACK);
    ask(other, "test 2");
    await hears(other, "test 2");
    ask(one, "test 3");
    await hears(one, "test 3");
    expect(one.heard.all).toEqual(["test 1", "test 3"]);
  });

  it("leave no socket behind", async () => {
    const { libc, open } = watched();
    const one = listener(libc);
    const other = listener(libc);
    ask(other, "test");
    for (let count = 0; count < 100; count++) {
      ask(one, "test");
      one.mdns.leave(LOOPBACK);
    }
    ask(one, "test last");
    await hears(one, "test last");
    expect(open()).toBe(2);
    one.mdns.close();
    other.mdns.close();
    // libuv closes descriptors at the end of a turn.
    await new Promise((resolve) => setImmediate(resolve));
    expect(open()).toBe(0);
  });
});

describe("an interface that cannot be queried", () => {
  const line = (why: string, level = "info"): string =>
    `${level} mDNS: no query can be sent on lo over IPv4 (${why}): the daemon tries again with the next query`;

  it("because it is missing is logged once, and works as soon as it appears", async () => {
    const one = listener();
    one.mdns.send("eth7", "ipv4", Buffer.from("test"));
    one.mdns.send("eth7", "ipv4", Buffer.from("test"));
    expect(lines(one.log.records)).toEqual([line("ENODEV").replace("on lo", "on eth7")]);
    ask(one, "test");
    await hears(one, "test");
  });

  it("because a new one has its name is opened again", async () => {
    const one = listener();
    ask(one, "test 1");
    await hears(one, "test 1");
    one.show(4_242, UP_WITH_MULTICAST);
    ask(one, "test 2");
    ask(one, "test 3");
    one.show(1, UP_WITH_MULTICAST);
    ask(one, "test 4");
    await hears(one, "test 4");
    expect(one.heard.all).toEqual(["test 1", "test 4"]);
    expect(lines(one.log.records)).toEqual([line("ENODEV")]);
  });

  it("because it has no multicast is left alone", () => {
    const one = listener();
    one.show(1, UP);
    ask(one, "test");
    ask(one, "test");
    expect(lines(one.log.records)).toEqual([line("it has no multicast")]);
  });

  it("because the kernel refuses is logged once, and leaks no descriptor", () => {
    const { libc, open } = watched({
      setsockopt: (fd, level, option, value) =>
        option === SO_BINDTODEVICE ? { ok: false, errno: ERRNO.EPERM } : realLibc.setsockopt(fd, level, option, value),
    });
    const one = listener(libc);
    for (let count = 0; count < 5; count++) ask(one, "test");
    expect(open()).toBe(0);
    expect(lines(one.log.records)).toEqual([line("EPERM", "warning")]);
  });

  it("because the port is in use leaks no descriptor either", async () => {
    const { libc, open } = watched({ bind: () => ({ ok: false, errno: ERRNO.EADDRINUSE }) });
    const one = listener(libc);
    for (let count = 0; count < 5; count++) ask(one, "test");
    await new Promise((resolve) => setImmediate(resolve));
    expect(open()).toBe(0);
    expect(lines(one.log.records)).toEqual([line("EADDRINUSE", "warning")]);
  });
});

it("without the C library nothing is sent, and one line says what to do", () => {
  const log = new Logged();
  const mdns = new RealMdns({ libc: undefined, deliver: () => undefined, log });
  for (let count = 0; count < 3; count++) mdns.send(LOOPBACK, "ipv4", Buffer.from("test"));
  expect(log.records).toHaveLength(1);
  expect(log.records[0]?.text).toContain("install avahi-daemon");
});

it("a flood is cut off each second, and reported once a minute", () => {
  let now = 0;
  let floods = 0;
  const rate = new RateLimit(
    DATAGRAMS_PER_SECOND_MAX,
    () => floods++,
    () => now,
  );
  for (let second = 0; second < 120; second++) {
    now = second * 1_000;
    const taken = Array.from({ length: DATAGRAMS_PER_SECOND_MAX + 5 }, () => rate.take()).filter(Boolean);
    expect(taken).toHaveLength(DATAGRAMS_PER_SECOND_MAX);
  }
  expect(floods).toBe(2);
});
