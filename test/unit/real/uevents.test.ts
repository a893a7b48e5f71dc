import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MESSAGES_PER_ROUND } from "../../../src/adapters/real/netlink.js";
import { openUevents, OVERFLOW_PERIOD } from "../../../src/adapters/real/uevents.js";
import { FdWatcher } from "../../../src/adapters/real/watcher.js";
import { encodeUevent, UEVENT_BYTES_MAX } from "../../../src/core/codec/uevent.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import { Delivered, Logged } from "./events.js";
import { FakeLibc, UEVENT_FD } from "./fake-libc.js";

function uevent(subsystem: string, seqnum: number): Uint8Array {
  const devpath = "/devices/virtual/nvme-fabrics/ctl/nvme0";
  return encodeUevent({ action: "change", devpath, subsystem, seqnum, properties: new Map([["DEVNAME", "nvme0"]]) });
}

const OURS = { kind: "uevent", message: uevent("nvme", 1) };
const OVERFLOW = { kind: "uevent-overflow" };

describe("kernel uevents over netlink", () => {
  let libc: FakeLibc;
  let delivered: Delivered;
  let log: Logged;

  beforeEach(() => {
    libc = new FakeLibc();
    delivered = new Delivered();
    log = new Logged();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function open() {
    const { deliver } = delivered;
    return openUevents({ libc, watcher: new FdWatcher(libc), deliver, log, monitor: ["false"] });
  }

  /** Waits until the socket is empty and the next poll waits. */
  async function drained(): Promise<void> {
    while (libc.waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  test("bind the kernel's group with credentials and a large buffer, before anything else happens", () => {
    const uevents = open();
    expect(libc.calls.map(({ name }) => name)).toEqual(["socket", "setsockopt 16", "setsockopt 33", "bind"]);
    expect(libc.calls[0]?.args).toEqual([16, 0o2004003, 15]);
    expect(libc.calls[1]?.args).toEqual([UEVENT_FD, 1, 16, 1]);
    expect(libc.calls[2]?.args).toEqual([UEVENT_FD, 1, 33, 8 << 20]);
    expect(libc.calls[3]?.args[1]).toEqual(Buffer.from("100000000000000001000000", "hex"));
    uevents.close();
  });

  test("request the buffer without force if force is not permitted", () => {
    libc.failing.set("setsockopt 33", ERRNO.EPERM);
    open().close();
    expect(libc.calls[3]?.args).toEqual([UEVENT_FD, 1, 8, 8 << 20]);
  });

  test("are delivered as copies if of subsystem nvme or unclear", async () => {
    const uevents = open();
    const cut = new TextEncoder().encode("add@/devices/virtual/nv");
    libc.put({ bytes: uevent("nvme", 1) }, { bytes: uevent("nvme-subsystem", 2) }, { bytes: uevent("block", 3) });
    libc.put({ bytes: cut }, { bytes: uevent("nvme", 4) });
    expect(await delivered.count(3)).toEqual([
      OURS,
      { kind: "uevent", message: cut },
      { kind: "uevent", message: uevent("nvme", 4) },
    ]);
    uevents.close();
  });

  test.each([
    ["another user", { uid: 1000 }],
    ["a sender without credentials", { credentials: "none" }],
    ["another process to the group", { port: 4711 }],
    ["another process to this socket alone", { port: 4711, groups: 0 }],
    ["udevd", { groups: 2 }],
  ] as const)("are not accepted from %s, and the log says so once", async (_, from) => {
    const uevents = open();
    libc.put(
      { bytes: uevent("nvme", 8), ...from },
      { bytes: uevent("nvme", 9), ...from },
      { bytes: uevent("nvme", 1) },
    );
    expect(await delivered.count(1)).toEqual([OURS]);
    expect(log.records.map(({ level }) => level)).toEqual(["warning"]);
    uevents.close();
  });

  test("overflow at an overrun or a message that is too long, in a flood once per period, and reading goes on", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const uevents = open();
    const long = { bytes: new Uint8Array(UEVENT_BYTES_MAX + 1) };
    libc.put(ERRNO.ENOBUFS, ERRNO.EINTR, long, ERRNO.ENOBUFS, { bytes: uevent("nvme", 1) });
    expect(await delivered.count(2)).toEqual([OVERFLOW, OURS]);
    for (const lost of [long, ERRNO.ENOBUFS]) {
      libc.put(lost);
      await drained();
    }
    expect(delivered.events).toHaveLength(2);
    vi.advanceTimersByTime(OVERFLOW_PERIOD);
    expect(delivered.events).toEqual([OVERFLOW, OURS, OVERFLOW]);
    vi.advanceTimersByTime(2 * OVERFLOW_PERIOD);
    expect(delivered.events).toHaveLength(3);
    libc.put(ERRNO.ENOBUFS);
    expect(await delivered.count(4)).toEqual([OVERFLOW, OURS, OVERFLOW, OVERFLOW]);
    libc.put(ERRNO.ENOBUFS);
    await drained();
    uevents.close();
    vi.advanceTimersByTime(2 * OVERFLOW_PERIOD);
    expect(delivered.events).toHaveLength(4);
  });

  test("are read in rounds, so that a flood starves nothing else", async () => {
    const uevents = open();
    const flood = Array.from({ length: 3 * MESSAGES_PER_ROUND }, () => ({ bytes: uevent("nvme", 1) }));
    libc.put(...flood);
    await delivered.count(1);
    expect(delivered.events).toHaveLength(MESSAGES_PER_ROUND);
    await delivered.count(flood.length);
    expect(libc.polls).toBeGreaterThanOrEqual(3);
    uevents.close();
  });

  test("stop when the source is closed, even within the round that closes it", async () => {
    const { deliver } = delivered;
    const uevents = openUevents({
      libc,
      watcher: new FdWatcher(libc),
      deliver: (event) => {
        deliver(event);
        uevents.close();
      },
      log,
    });
    libc.put({ bytes: uevent("nvme", 1) }, { bytes: uevent("nvme", 2) }, ERRNO.ENOBUFS);
    await delivered.count(1);
    expect(libc.closed).toBe(true);
    libc.put({ bytes: uevent("nvme", 3) });
    await new Promise((resolve) => setImmediate(resolve));
    expect(delivered.events).toEqual([OURS]);
    expect(libc.calls.filter(({ name }) => name === "close")).toHaveLength(1);
  });

  test.each(["socket", "bind", "setsockopt 16"])("fall back to udevadm if %s fails", (call) => {
    libc.failing.set(call, ERRNO.EAFNOSUPPORT);
    const uevents = open();
    expect(log.records[0]?.text).toContain("udevadm monitor: there is no netlink socket: EAFNOSUPPORT");
    expect(libc.closed).toBe(call !== "socket");
    uevents.close();
  });

  test("fall back to udevadm if the socket breaks, and the socket is closed", async () => {
    const uevents = open();
    libc.put({ bytes: uevent("nvme", 1) }, ERRNO.EIO);
    // The monitor of this test ends at once, which is reported as an overflow.
    expect(await delivered.count(2)).toEqual([OURS, OVERFLOW]);
    expect(log.records[0]?.text).toContain("the netlink socket fails with EIO");
    expect(libc.closed).toBe(true);
    uevents.close();
  });
});
