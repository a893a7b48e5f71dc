import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MonitorText, type Printed } from "../../../src/adapters/real/udevadm-text.js";
import { openUevents } from "../../../src/adapters/real/uevents.js";
import { UdevadmMonitor } from "../../../src/adapters/real/udevadm.js";
import { encodeUevent, UEVENT_BYTES_MAX } from "../../../src/core/codec/uevent.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { Delivered, Logged } from "./events.js";

/** The format of systemd 252, with MAJOR and MINOR last. */
const BANNER = "monitor will print the received events for:\nKERNEL - the kernel uevent\n\n";
const PRINTED = `KERNEL[11094.208324] change   /devices/virtual/nvme-fabrics/ctl/nvme0 (nvme)
ACTION=change
DEVPATH=/devices/virtual/nvme-fabrics/ctl/nvme0
SUBSYSTEM=nvme
NVME_AEN=0x70f002
DEVNAME=/dev/nvme0
NVME_TRTYPE=tcp
SEQNUM=695
MAJOR=246
MINOR=0

`;

/** In the kernel's order (6.12-cloud.s1.log). */
const MESSAGE = encodeUevent({
  action: "change",
  devpath: "/devices/virtual/nvme-fabrics/ctl/nvme0",
  subsystem: "nvme",
  seqnum: 695,
  properties: new Map([
    ["NVME_AEN", "0x70f002"],
    ["MAJOR", "246"],
    ["MINOR", "0"],
    ["DEVNAME", "nvme0"],
    ["NVME_TRTYPE", "tcp"],
  ]),
});

const OVERFLOW = { kind: "uevent-overflow" };
const UEVENT = { kind: "uevent", message: MESSAGE };

describe("the output of udevadm monitor", () => {
  function print(...pieces: readonly string[]): Printed[] {
    const text = new MonitorText();
    return [BANNER, ...pieces].flatMap((piece) => text.push(piece));
  }

  test("becomes the kernel's message again, byte for byte", () => {
    expect(print(PRINTED, PRINTED)).toEqual([{ kind: "listening" }, UEVENT, UEVENT]);
  });

  test("may come in pieces of any size", () => {
    expect(print(...PRINTED.split(""))).toEqual([{ kind: "listening" }, UEVENT]);
  });

  test("may have an event with numbers but no device name", () => {
    const [, printed] = print(PRINTED.replace(/DEVNAME.*\n/, ""));
    expect(printed?.kind).toBe("uevent");
  });

  test.each([
    ["a record without a header", PRINTED.slice(PRINTED.indexOf("\n") + 1)],
    ["a line that is not a property", PRINTED.replace("NVME_TRTYPE=", "NVME_TRTYPE ")],
    ["a record without a sequence number", PRINTED.replace(/SEQNUM.*\n/, "")],
    ["a sequence number that is not a number", PRINTED.replace("SEQNUM=695", "SEQNUM=x")],
    [
      "a record that is too long",
      PRINTED.replace("tcp", `tcp${`\nX=${"x".repeat(80)}`.repeat(UEVENT_BYTES_MAX / 80)}`),
    ],
    ["a line that is too long", PRINTED.replace("tcp", "x".repeat(10 * UEVENT_BYTES_MAX))],
  ])("counts %s as lost, and goes on", (_, text) => {
    expect(print(text, PRINTED)).toEqual([{ kind: "listening" }, { kind: "lost" }, UEVENT]);
  });

  test("uses no more memory for an endless line than a message may have", () => {
    const text = new MonitorText();
    text.push(BANNER);
    for (let pieces = 0; pieces < 100; pieces++) expect(text.push("x".repeat(UEVENT_BYTES_MAX))).toEqual([]);
    expect(text.push("\n\n")).toEqual([{ kind: "lost" }]);
    expect(text.push(PRINTED)).toEqual([UEVENT]);
  });
});

describe("udevadm monitor as a child", () => {
  let delivered: Delivered;
  let close: () => void;

  beforeEach(() => {
    delivered = new Delivered();
  });
  afterEach(() => {
    close();
  });

  /** A shell that prints like udevadm, then runs a command. */
  function command(then: string): readonly string[] {
    return ["sh", "-c", `printf '%s' "$1"; ${then}`, "udevadm", BANNER + PRINTED];
  }

  function start(command: readonly string[], tell = (_: string): void => undefined): { readonly pauses: number[] } {
    const pauses: number[] = [];
    const monitor = new UdevadmMonitor({
      deliver: (event) => {
        tell(event.kind);
        delivered.deliver(event);
      },
      overflow: () => {
        tell("overflow");
        delivered.deliver({ kind: "uevent-overflow" });
      },
      ended: (again) => {
        pauses.push(again);
      },
      command,
      firstPause: Milliseconds(2),
    });
    close = () => {
      monitor.close();
    };
    return { pauses };
  }

  test("delivers messages, and reports an overflow for the time before it listened", async () => {
    const { pauses } = start(command("exec sleep 60"));
    expect(await delivered.count(2)).toEqual([OVERFLOW, UEVENT]);
    expect(pauses).toEqual([]);
  });

  test("is started again after growing pauses when it ends, and each end is reported", async () => {
    const { pauses } = start(command("exit 1"));
    expect(await delivered.count(6)).toEqual([OVERFLOW, UEVENT, OVERFLOW, OVERFLOW, UEVENT, OVERFLOW]);
    expect(pauses).toEqual([2, 4]);
  });

  test("is tried again if it does not start", async () => {
    const { pauses } = start(["/nonexistent/udevadm"]);
    await delivered.count(3);
    expect(pauses.slice(0, 3)).toEqual([2, 4, 8]);
  });

  test("delivers nothing after it is closed, not even output already printed", async () => {
    const told: string[] = [];
    const { pauses } = start(command("exec sleep 60"), (what) => {
      told.push(what);
      close();
    });
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(["overflow"]);
    expect(pauses).toEqual([]);
  });

  test("replaces netlink if koffi does not load, and the log says so", async () => {
    const log = new Logged();
    const { deliver } = delivered;
    const monitor = command("exit 1");
    const uevents = openUevents({ libc: undefined, watcher: undefined, deliver, log, monitor });
    expect(await delivered.count(2)).toEqual([OVERFLOW, UEVENT]);
    while (log.records.length < 2) await new Promise((resolve) => setImmediate(resolve));
    uevents.close();
    expect(log.records.map(({ level }) => level)).toEqual(["warning", "error"]);
    expect(log.records[0]?.text).toContain("koffi does not load");
    expect(log.records[1]?.text).toContain("started again in 1 s");
  });
});
