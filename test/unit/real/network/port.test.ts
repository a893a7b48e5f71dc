import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, release, tmpdir, type } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { COMPARE_PERIOD, SETTLE } from "../../../../src/adapters/real/network/changes.js";
import { RealNetwork, type RealNetworkOptions } from "../../../../src/adapters/real/network/port.js";
import { FdWatcher } from "../../../../src/adapters/real/watcher.js";
import { ERRNO } from "../../../../src/core/domain/errno.js";
import type { CoreEvent } from "../../../../src/core/ports/index.js";
import type { LogRecord } from "../../../../src/core/ports/log.js";
import { RequestId } from "../../../../src/core/ports/request.js";
import { FakeRtnetlink, message } from "./fake-rtnetlink.js";
import { answering, ICRESP, listen, target } from "./peers.js";
import { realLibc } from "./real-libc.js";

let events: CoreEvent[] = [];
let said: LogRecord[] = [];
let network: RealNetwork;

function open(options: Partial<RealNetworkOptions>): RealNetwork {
  network = new RealNetwork({
    libc: undefined,
    watcher: undefined,
    deliver: (event) => events.push(event),
    log: { write: (record) => said.push(record) },
    ...options,
  });
  return network;
}

beforeEach(() => {
  events = [];
  said = [];
});

afterEach(() => {
  network.close();
  vi.useRealTimers();
});

describe("changes of the interfaces", () => {
  const CHANGED: CoreEvent = { kind: "network-changed" };
  const NOTICE = message(16, Buffer.alloc(16));
  const ETH0 = { index: 2, name: "eth0" };
  let kernel: FakeRtnetlink;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    kernel = new FakeRtnetlink(realLibc);
    kernel.show([ETH0]);
  });

  const openFake = (): RealNetwork => open({ libc: kernel.libc, watcher: new FdWatcher(kernel.libc) });

  /** Lets the poll answer, then lets the time of a burst pass. */
  async function settled(): Promise<void> {
    await turn();
    vi.advanceTimersByTime(SETTLE);
    await turn();
  }

  test("give one event per burst, and interfaces() shows the new list by then", async () => {
    openFake();
    expect(network.interfaces()).toHaveLength(1);
    kernel.show([ETH0, { index: 3, name: "eth1" }]);
    kernel.notify(...Array<Buffer>(50).fill(NOTICE));
    await turn();
    kernel.notify(NOTICE);
    expect(events).toEqual([]);
    kernel.dumps = 0;
    await settled();
    expect(events).toEqual([CHANGED]);
    expect(kernel.dumps).toBe(1);
    expect(network.interfaces()).toHaveLength(2);
    kernel.notify(NOTICE);
    await settled();
    expect(events).toHaveLength(1);
  });

  test("give no event if the list stays the same, or changes back within a burst", async () => {
    openFake();
    kernel.notify(NOTICE);
    await settled();
    kernel.show([]);
    kernel.notify(NOTICE);
    await turn();
    kernel.show([ETH0]);
    kernel.notify(NOTICE);
    await settled();
    expect(events).toEqual([]);
    kernel.show([ETH0], [{ index: 2, bytes: [10, 0, 0, 1] }]);
    kernel.notify(NOTICE);
    await settled();
    expect(events).toEqual([CHANGED]);
  });

  test("reach the core even if interfaces() was called in between", async () => {
    openFake();
    kernel.show([]);
    network.interfaces();
    kernel.notify(NOTICE);
    await settled();
    expect(events).toEqual([CHANGED]);
  });

  test("are noticed after lost notifications", async () => {
    openFake();
    kernel.show([]);
    kernel.notify({ errno: ERRNO.ENOBUFS });
    await settled();
    expect(events).toEqual([CHANGED]);
  });

  test("are not assumed while the kernel does not answer: the last list counts", async () => {
    openFake();
    kernel.links = () => [{ errno: ERRNO.ENOMEM }];
    kernel.notify(NOTICE);
    await settled();
    expect(events).toEqual([]);
    expect(network.interfaces()).toMatchObject([{ name: "eth0" }]);
    expect(said[0]).toMatchObject({ level: "warning", text: expect.stringContaining("ENOMEM") as unknown });
  });

  test.each<[string, () => void]>([
    ["cannot be made", () => (kernel.bindErrno = ERRNO.EPERM)],
    [
      "breaks",
      () => {
        openFake().close();
        network = new RealNetwork({
          libc: kernel.libc,
          watcher: new FdWatcher(kernel.libc),
          deliver: (event) => events.push(event),
          log: { write: (record) => said.push(record) },
        });
        kernel.notify({ errno: ERRNO.EBADF });
      },
    ],
  ])("come from a periodic comparison if the socket %s, and the log says so", async (what, arrange) => {
    arrange();
    if (what !== "breaks") openFake();
    await turn();
    kernel.show([]);
    vi.advanceTimersByTime(COMPARE_PERIOD);
    expect(events).toEqual([CHANGED]);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ level: "warning", text: expect.stringContaining("every 10 s") as unknown });
    expect(kernel.open).toEqual([]);
  });

  test("come from links and addresses of both families, and stop once the port is closed", async () => {
    openFake();
    expect(kernel.open).toEqual([0x111]);
    kernel.show([]);
    kernel.notify(NOTICE);
    await turn();
    network.close();
    network.close();
    expect(vi.getTimerCount()).toBe(0);
    await settled();
    expect(kernel.open).toEqual([]);
    expect(events).toEqual([]);
  });
});

describe("the port", () => {
  test("answers a probe and a name under their request numbers", async () => {
    const good = await listen(answering((socket) => socket.write(ICRESP)));
    const arrived = new Promise<void>((resolve) => {
      open({
        libc: realLibc,
        watcher: new FdWatcher(realLibc),
        lookup: () => Promise.resolve(["10.0.0.1"]),
        deliver: (event) => {
          // This machine's interfaces may change during the test.
          if (event.kind !== "network-changed" && events.push(event) === 3) resolve();
        },
      });
    });
    network.probe(RequestId(1), target(good.port));
    network.probe(RequestId(2), target(0));
    network.resolve(RequestId(3), "dc.example");
    await arrived;
    await good.close();
    expect(events).toHaveLength(3);
    expect(events).toEqual(
      expect.arrayContaining([
        { kind: "probed", request: 1, result: { ok: true } },
        { kind: "probed", request: 2, result: { ok: false, errno: ERRNO.EINVAL } },
        { kind: "resolved", request: 3, result: { ok: true, addresses: ["10.0.0.1"] } },
      ]),
    );
  });

  describe("the host", () => {
    const folder = mkdtempSync(join(tmpdir(), "stas-os-"));
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };

    test("has its own name, and the name of its system from os-release", () => {
      const first = file("first", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian"\nVERSION_ID="12"\n');
      const second = file("second", "PRETTY_NAME=Other\n");
      const debian = { kernel: `${type()} ${release()}`, osName: "Debian", osVersion: "12" };
      expect(open({ osRelease: [first, second] }).hostInfo()).toEqual({ hostName: hostname(), ...debian });
      network.close();
      const missing = join(folder, "missing");
      expect(open({ osRelease: [missing, second] }).hostInfo()).toMatchObject({ osName: "Other", osVersion: "" });
      network.close();
      expect(open({ osRelease: [missing, folder] }).hostInfo()).toMatchObject({ osName: "Linux", osVersion: "" });
    });

    test.each<[string, string, string]>([
      ["single quotes keep everything", "PRETTY_NAME='a \"b\" \\n'", 'a "b" \\n'],
      ["a backslash escapes in double quotes", 'PRETTY_NAME="a \\"b\\" \\$c \\\\ \\`"', 'a "b" $c \\ `'],
      ["a backslash escapes in bare text", "NAME=only\\ name", "only name"],
      ["an empty value counts as missing", "PRETTY_NAME=\nNAME=second", "second"],
      ["the last assignment counts", "PRETTY_NAME=one\nPRETTY_NAME=two", "two"],
      ["comments and junk are skipped", "# PRETTY_NAME=no\nNOT AN ASSIGNMENT\n=x\n  NAME=indented", "indented"],
      ["an open quote is kept", 'PRETTY_NAME="open', '"open'],
      ["control characters are removed", "PRETTY_NAME=\x1b[31mred\x07\x9b", "[31mred"],
      ["a long value is cut", `PRETTY_NAME=${"x".repeat(10_000)}`, "x".repeat(256)],
      ["an assignment beyond the limit is ignored", `${"\n".repeat(70_000)}NAME=late`, "Linux"],
      ["bytes that are not text are skipped", "\0\xff\0", "Linux"],
    ])("os-release: %s", (_what, text, osName) => {
      expect(open({ osRelease: [file("hostile", text)] }).hostInfo().osName).toBe(osName);
    });
  });
});
