import { describe, expect, it } from "vitest";
import type { UeventFault } from "../../../src/adapters/sim/spec.js";
import { CONNECT_DC, makeSpec, ms, request, TestBed } from "./world-kit.js";

const connect = (bed: TestBed): TestBed => {
  bed.portsOf("stas").fabrics.connect(request(1), CONNECT_DC);
  return bed.run(500);
};

/** A started world with one active fault and one connected controller. */
function connectedUnder(fault: UeventFault, ueventBuffer = 100): TestBed {
  const bed = new TestBed(makeSpec({ ueventBuffer })).start().run(5);
  bed.given.length = 0;
  bed.world.apply({ kind: "uevents", fault });
  return connect(bed);
}

const headerOf = (message: Uint8Array): string => Buffer.from(message).toString("latin1").split("\0")[0] ?? "";
const headers = (bed: TestBed): readonly string[] => bed.events("uevent").map(({ message }) => headerOf(message));
const fates = (bed: TestBed): readonly string[] => bed.observations("uevent").map(({ fate }) => fate);

const NVME0 = "/devices/virtual/nvme-fabrics/ctl/nvme0";
const SUBSYSTEM0 = "/devices/virtual/nvme-subsystem/nvme-subsys0";
const ALL = [`add@${NVME0}`, `add@${SUBSYSTEM0}`, `change@${NVME0}`];

describe("uevents on their way to a process", () => {
  it("arrive in order, 1 ms after they were sent", () => {
    const bed = connectedUnder({ kind: "pass" });
    expect(headers(bed)).toEqual(ALL);
    const sent = bed.seen.filter(({ observation }) => observation.kind === "uevent").map(({ at }) => at);
    const read = bed.given.filter(({ event }) => event.kind === "uevent").map(({ at }) => at);
    expect(read).toEqual(sent.map((at) => at + 1));
  });

  it("are lost if they match the fault's device and action, up to its count", () => {
    expect(headers(connectedUnder({ kind: "lose", count: 2 }))).toEqual(ALL.slice(2));
    expect(headers(connectedUnder({ kind: "lose", count: 9, action: "change" }))).toEqual(ALL.slice(0, 2));
    expect(headers(connectedUnder({ kind: "lose", count: 9, device: "nvme0" }))).toEqual([ALL[1]]);
    expect(headers(connectedUnder({ kind: "lose", count: 9, device: "dc1", action: "add" }))).toEqual(ALL.slice(1));
    const bed = connectedUnder({ kind: "lose", count: 9 });
    expect(fates(bed)).toEqual(["lost", "lost", "lost"]);
    bed.world.apply({ kind: "uevents", fault: { kind: "pass" } });
    bed.world.apply({ kind: "remove-device", target: "dc1" });
    bed.run(500);
    expect(headers(bed)).toContain(`remove@${NVME0}`);
  });

  it("of a removed device are lost if the fault names its peer", () => {
    const bed = connectedUnder({ kind: "pass" });
    bed.world.apply({ kind: "uevents", fault: { kind: "lose", count: 1, device: "dc1", action: "remove" } });
    bed.world.apply({ kind: "remove-device", target: "dc1" });
    bed.run(500);
    expect(bed.world.connections()).toEqual([]);
    expect(headers(bed)).not.toContain(`remove@${NVME0}`);
    expect(fates(bed)).toContain("lost");
  });

  it("arrive late, twice or cut short", () => {
    const delayed = connectedUnder({ kind: "delay", by: ms(200), count: 1 });
    expect(headers(delayed)).toEqual([ALL[1], ALL[2], ALL[0]]);
    const doubled = connectedUnder({ kind: "double", count: 1 });
    expect(headers(doubled)).toEqual([ALL[0], ALL[0], ALL[1], ALL[2]]);
    const whole = connectedUnder({ kind: "pass" }).events("uevent")[0]?.message.length ?? 0;
    const cut = connectedUnder({ kind: "truncate", count: 1 }).events("uevent")[0]?.message.length;
    expect(cut).toBe(whole >> 1);
  });

  it("overflow if too many wait, and the process reads the overflow before the rest", () => {
    const bed = new TestBed(makeSpec({ ueventBuffer: 4 })).start().run(5);
    bed.given.length = 0;
    bed.world.apply({ kind: "uevents", fault: { kind: "flood", count: 6 } });
    bed.run(10);
    expect(bed.kinds()).toEqual(["uevent-overflow", "uevent", "uevent", "uevent", "uevent"]);
    expect(fates(bed)).toEqual(["overflowed", "overflowed"]);
    bed.world.apply({ kind: "uevents", fault: { kind: "flood", count: 4 } });
    bed.run(10);
    expect(bed.kinds().slice(5)).toEqual(["uevent", "uevent", "uevent", "uevent"]);
  });

  it("are lost from the socket if a step makes it overrun", () => {
    const bed = new TestBed(makeSpec()).start().run(5);
    bed.given.length = 0;
    bed.world.apply({ kind: "uevents", fault: { kind: "flood", count: 6 } });
    bed.world.apply({ kind: "uevents", fault: { kind: "overflow" } });
    bed.run(10);
    expect(bed.kinds()).toEqual(["uevent-overflow"]);
  });

  it("reach each process over its own socket, from its start to its end", () => {
    const bed = new TestBed(makeSpec({ host: { processes: "two" } }));
    bed.world.apply({ kind: "start", process: "staf" });
    bed.world.apply({ kind: "uevents", fault: { kind: "flood", count: 1 } });
    bed.world.apply({ kind: "start", process: "stac" });
    bed.run(10);
    bed.world.apply({ kind: "uevents", fault: { kind: "flood", count: 1 } });
    bed.world.apply({ kind: "kill", process: "staf" });
    bed.run(10);
    const to = bed.given.filter(({ event }) => event.kind === "uevent").map(({ process }) => process);
    expect(to).toEqual(["staf", "stac"]);
    bed.world.apply({ kind: "kill", process: "stac" });
    bed.world.apply({ kind: "uevents", fault: { kind: "flood", count: 1000 } });
    expect(fates(bed)).toEqual([]);
  });
});
