import { networkInterfaces } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PlainProber } from "../../../../src/adapters/real/network/plain-probe.js";
import { SocketProber, type Prober, type ProbeResult } from "../../../../src/adapters/real/network/probe.js";
import { FdWatcher } from "../../../../src/adapters/real/watcher.js";
import { ERRNO } from "../../../../src/core/domain/errno.js";
import { Milliseconds } from "../../../../src/core/domain/units.js";
import type { ProbeTarget } from "../../../../src/core/ports/network.js";
import { answering, countingSockets, ICREQ, ICRESP, listen, target, type Peer } from "./peers.js";
import { realLibc } from "./real-libc.js";

/** Some containers have no IPv6. */
const WITHOUT_IPV6 = networkInterfaces()["lo"]?.every(({ family }) => family !== "IPv6") ?? true;

const LO_INDEX = 1;
const libc = countingSockets(realLibc);
const watcher = new FdWatcher(libc.libc);
const indexOf = (name: string): number | undefined => (name === "lo" ? LO_INDEX : undefined);

function ask(prober: Prober, to: ProbeTarget): Promise<ProbeResult> {
  return new Promise((resolve) => {
    prober.probe(to, resolve);
  });
}

const OK = { ok: true };
const failed = (errno: number): ProbeResult => ({ ok: false, errno });

let peers: Peer[] = [];
const peer = async (...args: Parameters<typeof listen>): Promise<Peer> => {
  const made = await listen(...args);
  peers.push(made);
  return made;
};

afterEach(async () => {
  await Promise.all(peers.map((one) => one.close()));
  peers = [];
  expect(libc.open.size).toBe(0);
});

const PROBERS: readonly (readonly [string, () => Prober])[] = [
  ["over its own sockets", () => new SocketProber({ libc: libc.libc, watcher, indexOf })],
  ["over Node's sockets", () => new PlainProber()],
];

describe.each(PROBERS)("a probe %s", (_how, make) => {
  let prober: Prober;
  beforeEach(() => {
    prober = make();
  });
  afterEach(() => {
    prober.close();
  });

  test("sends the ICReq of the specification, and an ICResp proves the peer alive", async () => {
    const good = await peer(answering((socket) => socket.write(ICRESP)));
    expect(await ask(prober, target(good.port))).toEqual(OK);
    expect(good.heard).toEqual([ICREQ]);
  });

  test("accepts an ICResp in pieces, with other parameters, and with more bytes after it", async () => {
    const other = Buffer.from(ICRESP);
    other.set([0x03, 0x00, 0x10, 0x00, 0x00], 11);
    const good = await peer(
      answering((socket) => {
        socket.setNoDelay(true);
        socket.write(other.subarray(0, 3), () =>
          setImmediate(() =>
            socket.write(other.subarray(3, 100), () =>
              setImmediate(() => socket.write(Buffer.concat([other.subarray(100), ICRESP]))),
            ),
          ),
        );
      }),
    );
    expect(await ask(prober, target(good.port))).toEqual(OK);
  });

  test.each<[string, Buffer]>([
    ["a banner", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")],
    ["one wrong byte", Buffer.from([0x15])],
    ["its own ICReq", ICREQ],
    ["a termination request", Buffer.from([3, 0, 24, 0, 24, 0, 0, 0])],
    ["another header length", Buffer.concat([Buffer.from([1, 0, 127]), ICRESP.subarray(3)])],
    ["another length", Buffer.concat([ICRESP.subarray(0, 4), Buffer.from([129]), ICRESP.subarray(5)])],
    ["an endless length", Buffer.concat([ICRESP.subarray(0, 7), Buffer.from([0x80]), ICRESP.subarray(8)])],
    ["another format", Buffer.concat([ICRESP.subarray(0, 8), Buffer.from([1]), ICRESP.subarray(9)])],
  ])("rejects an answer that is not an ICResp at once: %s", async (_what, bytes) => {
    const strange = await peer(answering((socket) => socket.write(bytes)));
    expect(await ask(prober, target(strange.port))).toEqual(failed(ERRNO.EBADMSG));
  });

  test.each<[string, Parameters<typeof listen>[0]]>([
    ["ends the connection at once", (socket) => void socket.end()],
    ["resets the connection at once", (socket) => void socket.resetAndDestroy()],
    ["reads the ICReq and closes", answering((socket) => void socket.end())],
    ["reads the ICReq and resets", answering((socket) => void socket.resetAndDestroy())],
    ["closes in the middle of the answer", answering((socket) => void socket.end(ICRESP.subarray(0, 127)))],
  ])("gives ECONNRESET for a peer that %s", async (_what, accept) => {
    const closing = await peer(accept);
    expect(await ask(prober, target(closing.port))).toEqual(failed(ERRNO.ECONNRESET));
  });

  test("gives ETIMEDOUT for a silent peer, and for one that sends byte by byte", async () => {
    const silent = await peer(() => undefined);
    let sent = 0;
    const dripping = await peer(
      answering((socket) => {
        socket.setNoDelay(true);
        const drip = (): void =>
          void socket.write(ICRESP.subarray(sent, ++sent), (error) => error ?? setTimeout(drip, 10));
        drip();
      }),
    );
    const timeout = Milliseconds(200);
    const both = [silent, dripping].map(({ port }) => ask(prober, target(port, { timeout })));
    expect(await Promise.all(both)).toEqual([failed(ERRNO.ETIMEDOUT), failed(ERRNO.ETIMEDOUT)]);
    expect(sent).toBeGreaterThan(2);
  });

  test("answers once, and leaves no timer behind", async () => {
    const gone = await listen(() => undefined);
    await gone.close();
    const results: ProbeResult[] = [];
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      await new Promise<void>((resolve) => {
        prober.probe(target(gone.port), (result) => {
          results.push(result);
          resolve();
        });
      });
      // Node reports the error first and the close later.
      await turn();
      await turn();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    expect(results).toEqual([failed(ERRNO.ECONNREFUSED)]);
  });

  test("of depth tcp succeeds once the peer accepts the connection", async () => {
    const silent = await peer(() => undefined);
    expect(await ask(prober, target(silent.port, { depth: "tcp" }))).toEqual(OK);
    const gone = await listen(() => undefined);
    await gone.close();
    expect(await ask(prober, target(gone.port, { depth: "tcp" }))).toEqual(failed(ERRNO.ECONNREFUSED));
  });

  test("uses the given source address", async () => {
    const good = await peer(answering((socket) => socket.write(ICRESP)));
    expect(await ask(prober, target(good.port, { hostTraddr: "127.0.0.7" }))).toEqual(OK);
    expect(good.callers).toEqual(["127.0.0.7"]);
    const elsewhere = target(good.port, { hostTraddr: "203.0.113.7" });
    expect(await ask(prober, elsewhere)).toEqual(failed(ERRNO.EADDRNOTAVAIL));
  });

  test.skipIf(WITHOUT_IPV6)("accepts IPv6 in any spelling, and IPv4 written as IPv6", async () => {
    const [good, four] = [
      await peer(
        answering((socket) => socket.write(ICRESP)),
        "::1",
      ),
      await peer(answering((socket) => socket.write(ICRESP))),
    ];
    expect(await ask(prober, target(good.port, { traddr: "0:0::0:1", hostTraddr: "::1" }))).toEqual(OK);
    expect(await ask(prober, target(four.port, { traddr: "::ffff:127.0.0.1" }))).toEqual(OK);
  });

  test.each<[string, Partial<ProbeTarget>, number]>([
    ["a host name", { traddr: "localhost" }, ERRNO.EINVAL],
    ["no port", { trsvcid: "" }, ERRNO.EINVAL],
    ["port 0", { trsvcid: "0" }, ERRNO.EINVAL],
    ["port 65536", { trsvcid: "65536" }, ERRNO.EINVAL],
    ["a port with a tail", { trsvcid: "4420,transport=fc" }, ERRNO.EINVAL],
    ["a signed port", { trsvcid: "-1" }, ERRNO.EINVAL],
    ["a source that is no address", { hostTraddr: "none" }, ERRNO.EINVAL],
    ["an interface name too long for one", { hostIface: "lo".padEnd(16, "x") }, ERRNO.ENODEV],
    ["an interface name cut by a NUL", { hostIface: "lo\0" }, ERRNO.ENODEV],
  ])("refuses %s", async (_what, more, errno) => {
    expect(await ask(prober, target(4420, more))).toEqual(failed(errno));
  });

  test("in progress ends without an answer when the prober is closed", async () => {
    let accepted: () => void;
    const connected = new Promise<void>((resolve) => (accepted = resolve));
    const silent = await peer((socket) => {
      socket.resume();
      socket.on("data", () => {
        accepted();
      });
      socket.on("end", () => socket.end());
    });
    const answers: ProbeResult[] = [];
    prober.probe(target(silent.port), (result) => answers.push(result));
    await connected;
    prober.close();
    await silent.close();
    peers = [];
    expect(answers).toEqual([]);
  });
});

describe("a probe over its own sockets", () => {
  const prober = new SocketProber({ libc: libc.libc, watcher, indexOf });

  test("goes through the given interface", async () => {
    const good = await peer(answering((socket) => socket.write(ICRESP)));
    expect(await ask(prober, target(good.port, { hostIface: "lo" }))).toEqual(OK);
    expect(await ask(prober, target(good.port, { hostIface: "nope0" }))).toEqual(failed(ERRNO.ENODEV));
    const nothingThere = target(good.port, { hostIface: "nope0", hostTraddr: "203.0.113.7" });
    expect(await ask(prober, nothingThere)).toEqual(failed(ERRNO.ENODEV));
    expect(good.callers).toHaveLength(1);
  });

  test.skipIf(WITHOUT_IPV6)("needs an interface for a link-local address", async () => {
    const to = (more: Partial<ProbeTarget>): ProbeTarget => target(4420, more);
    expect(await ask(prober, to({ traddr: "fe80::1" }))).toEqual(failed(ERRNO.EINVAL));
    expect(await ask(prober, to({ traddr: "fe80::1%nope0" }))).toEqual(failed(ERRNO.ENODEV));
    expect(await ask(prober, to({ traddr: "fe80::1%lo", hostTraddr: "fe80::2%nope0" }))).toEqual(failed(ERRNO.ENODEV));
    // The kernel binds to the address before the interface.
    expect(await ask(prober, to({ traddr: "fe80::1%lo", hostTraddr: "fe80::2", hostIface: "lo" }))).toEqual(
      failed(ERRNO.EINVAL),
    );
  });

  test.skipIf(WITHOUT_IPV6)("refuses a source of the other family", async () => {
    expect(await ask(prober, target(4420, { traddr: "::1", hostTraddr: "127.0.0.1" }))).toEqual(
      failed(ERRNO.EAFNOSUPPORT),
    );
    expect(await ask(prober, target(4420, { hostTraddr: "::1" }))).toEqual(failed(ERRNO.EAFNOSUPPORT));
  });

  test("may run beside many others, each with its own outcome", async () => {
    const good = await peer(answering((socket) => socket.write(ICRESP)));
    const strange = await peer(answering((socket) => socket.write("garbage")));
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) => ask(prober, target((index % 2 === 0 ? good : strange).port))),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(50);
    expect(results.every(({ ok }, index) => ok === (index % 2 === 0))).toBe(true);
  });

  const refusing = (call: "socket" | "send" | "recv" | "getsockopt", errno: number): Prober =>
    new SocketProber({ libc: { ...libc.libc, [call]: () => ({ ok: false, errno }) }, watcher, indexOf });

  test("answers with the kernel's errno if a system call fails", async () => {
    const good = await peer(answering((socket) => socket.write(ICRESP)));
    expect(await ask(refusing("socket", ERRNO.EMFILE), target(good.port))).toEqual(failed(ERRNO.EMFILE));
    expect(await ask(refusing("getsockopt", ERRNO.ENOBUFS), target(good.port))).toEqual(failed(ERRNO.ENOBUFS));
    expect(await ask(refusing("send", ERRNO.ENOMEM), target(good.port))).toEqual(failed(ERRNO.ENOMEM));
    expect(await ask(refusing("recv", ERRNO.EHOSTUNREACH), target(good.port))).toEqual(failed(ERRNO.EHOSTUNREACH));
  });

  test("reports a broken pipe as a connection that the peer ended", async () => {
    const good = await peer(() => undefined);
    expect(await ask(refusing("send", ERRNO.EPIPE), target(good.port))).toEqual(failed(ERRNO.ECONNRESET));
  });

  test("sends the whole ICReq even in pieces", async () => {
    const good = await peer(answering((socket) => socket.write(ICRESP)));
    let calls = 0;
    const sparing: typeof libc.libc.send = (fd, bytes, flags) =>
      ++calls % 2 === 0 ? { ok: false, errno: ERRNO.EAGAIN } : libc.libc.send(fd, bytes.subarray(0, 50), flags);
    const prober = new SocketProber({ libc: { ...libc.libc, send: sparing }, watcher, indexOf });
    expect(await ask(prober, target(good.port))).toEqual(OK);
    expect(good.heard).toEqual([ICREQ]);
    expect(calls).toBe(5);
  });
});

test("without the C library a target with an interface counts as alive, because a probe over another route proves nothing", async () => {
  const gone = await listen(() => undefined);
  await gone.close();
  const prober = new PlainProber();
  expect(await ask(prober, target(gone.port, { hostIface: "eth0" }))).toEqual(OK);
  expect(await ask(prober, target(gone.port))).toEqual(failed(ERRNO.ECONNREFUSED));
});
