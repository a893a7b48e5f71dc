import { describe, expect, it } from "vitest";
import { BUS_ERRORS, CALL_TIMEOUT } from "../../../src/adapters/sim/bus.js";
import type { CoreEvent, Ports } from "../../../src/core/ports/index.js";
import { makeSpec, request, TestBed } from "./world-kit.js";

const TWO = makeSpec({ host: { processes: "two" } });

/** Replies to `echo` with its arguments, and to no other call. */
const echo = (event: CoreEvent, ports: Ports): void => {
  if (event.kind === "bus-call" && event.method === "echo") {
    ports.bus.reply(event.call, { ok: true, values: event.args });
    ports.bus.reply(event.call, { ok: true, values: ["twice"] });
  }
};

/** Two processes that are on the bus. */
function twoOnTheBus(): TestBed {
  const bed = new TestBed(TWO, echo).start().run(5);
  bed.given.length = 0;
  return bed;
}

const replies = (bed: TestBed): readonly unknown[] =>
  bed.events("bus-reply").map(({ request, result }) => [request, result]);

describe("the simulated bus", () => {
  it("carries a call, with the caller's name and uid, and its one reply", () => {
    const bed = twoOnTheBus();
    bed.portsOf("stac").bus.call(request(1), "staf", "echo", ["a", true]);
    bed.run(100);
    expect(bed.events("bus-call")).toMatchObject([{ service: "staf", method: "echo", args: ["a", true], uid: 0 }]);
    expect(bed.events("bus-call")[0]?.sender).toMatch(/^:1\.\d+$/);
    expect(replies(bed)).toEqual([[1, { ok: true, values: ["a", true] }]]);
    expect(bed.given.at(-1)?.process).toBe("stac");
  });

  it("lets an unanswered call time out after 25 s", () => {
    const bed = twoOnTheBus();
    bed.portsOf("stac").bus.call(request(1), "staf", "silent", []);
    bed.run(CALL_TIMEOUT - 1);
    expect(replies(bed)).toEqual([]);
    bed.run(1);
    expect(replies(bed)).toEqual([[1, { ok: false, error: BUS_ERRORS.noReply }]]);
  });

  it("reports at once that a peer is missing, or died before it replied", () => {
    const bed = twoOnTheBus();
    bed.portsOf("stac").bus.call(request(1), "staf", "silent", []);
    bed.run(10);
    bed.world.apply({ kind: "kill", process: "staf" });
    bed.portsOf("stac").bus.call(request(2), "staf", "echo", []);
    bed.run(10);
    expect(replies(bed)).toEqual([
      [1, { ok: false, error: BUS_ERRORS.noReply }],
      [2, { ok: false, error: BUS_ERRORS.serviceUnknown }],
    ]);
  });

  it("tells a follower of a peer its present state, then each change", () => {
    const bed = new TestBed(TWO, echo);
    bed.world.apply({ kind: "start", process: "stac" });
    bed.run(5);
    bed.portsOf("stac").bus.subscribe("staf");
    bed.run(5);
    bed.world.apply({ kind: "start", process: "staf" });
    bed.run(5);
    bed.portsOf("staf").bus.emit("staf", "log_pages_changed", ["nvme0"]);
    bed.run(5);
    bed.world.apply({ kind: "kill", process: "staf" });
    bed.run(5);
    expect(bed.events("bus-peer").map(({ peer, up }) => [peer, up])).toEqual([
      ["staf", false],
      ["staf", true],
      ["staf", false],
    ]);
    expect(bed.events("bus-signal")).toEqual([
      { kind: "bus-signal", peer: "staf", signal: "log_pages_changed", args: ["nvme0"] },
    ]);
  });

  it("fails every open call when it goes down, and has every name again when it comes back", () => {
    const bed = twoOnTheBus();
    bed.portsOf("stac").bus.subscribe("staf");
    bed.portsOf("stac").bus.call(request(1), "staf", "silent", []);
    bed.run(10);
    bed.given.length = 0;
    bed.world.apply({ kind: "bus", state: "down" });
    bed.portsOf("stac").bus.call(request(2), "staf", "echo", []);
    bed.run(10);
    expect(replies(bed)).toEqual([
      [1, { ok: false, error: BUS_ERRORS.disconnected }],
      [2, { ok: false, error: BUS_ERRORS.disconnected }],
    ]);
    expect(bed.events("bus-state").map(({ up }) => up)).toEqual([false, false]);
    expect(bed.events("bus-peer")).toEqual([]);
    bed.given.length = 0;
    bed.world.apply({ kind: "bus", state: "up" });
    bed.run(10);
    expect(bed.events("bus-state").map(({ up }) => up)).toEqual([true, true]);
    expect(bed.events("bus-peer").at(-1)).toEqual({ kind: "bus-peer", peer: "staf", up: true });
    bed.portsOf("stac").bus.call(request(3), "staf", "echo", []);
    bed.run(10);
    expect(replies(bed)).toEqual([[3, { ok: true, values: [] }]]);
  });

  it("loses a reply that is in flight when it goes down", () => {
    const bed = twoOnTheBus();
    bed.portsOf("stac").bus.call(request(1), "staf", "echo", []);
    bed.run(1);
    bed.world.apply({ kind: "bus", state: "down" });
    bed.world.apply({ kind: "bus", state: "up" });
    bed.run(100);
    expect(replies(bed)).toEqual([[1, { ok: false, error: BUS_ERRORS.disconnected }]]);
  });

  it("loses a signal that is in flight when it goes down", () => {
    const bed = twoOnTheBus();
    bed.portsOf("stac").bus.subscribe("staf");
    bed.run(10);
    bed.portsOf("staf").bus.emit("staf", "lost", []);
    bed.world.apply({ kind: "bus", state: "down" });
    bed.world.apply({ kind: "bus", state: "up" });
    bed.run(10);
    bed.portsOf("staf").bus.emit("staf", "heard", []);
    bed.run(10);
    expect(bed.events("bus-signal").map(({ signal }) => signal)).toEqual(["heard"]);
  });

  it("delivers a client's calls to the process that owns both names, and observes the reply", () => {
    const bed = new TestBed(makeSpec(), echo).start().run(5);
    bed.world.apply({ kind: "bus-call", service: "stac", method: "echo", args: ["x"], uid: 1000 });
    bed.run(5);
    bed.world.apply({ kind: "kill", process: "both" });
    bed.world.apply({ kind: "bus-call", service: "staf", method: "echo", args: [], uid: 0 });
    bed.run(5);
    expect(bed.events("bus-call")).toMatchObject([{ service: "stac", uid: 1000 }]);
    expect(bed.observations("bus-reply").map(({ service, uid, result }) => [service, uid, result])).toEqual([
      ["stac", 1000, { ok: true, values: ["x"] }],
      ["staf", 0, { ok: false, error: BUS_ERRORS.serviceUnknown }],
    ]);
  });

  it("delivers nothing to a dead caller, and forgets its calls", () => {
    const bed = twoOnTheBus();
    bed.portsOf("stac").bus.call(request(1), "staf", "silent", []);
    bed.run(10);
    bed.world.apply({ kind: "kill", process: "stac" });
    expect(bed.world.nextAt()).toBeUndefined();
    bed.run(CALL_TIMEOUT);
    expect(replies(bed)).toEqual([]);
  });
});
