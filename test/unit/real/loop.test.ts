import { describe, expect, test } from "vitest";
import { EventLoop } from "../../../src/adapters/real/loop.js";
import type { CoreEvent } from "../../../src/core/ports/index.js";

const timer = (name: string): CoreEvent => ({ kind: "timer", timer: name });
const UEVENT: CoreEvent = { kind: "uevent", message: new Uint8Array() };
const STOP: CoreEvent = { kind: "control", action: "stop" };
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A core that records its events, and throws at those that the test names. */
class Recorder {
  readonly seen: string[] = [];
  readonly ends: string[] = [];
  throwsAt = new Set<string>();
  readonly loop = new EventLoop({
    crashed: (error) => this.ends.push(`crashed: ${String(error)}`),
    gaveUp: () => this.ends.push("gave up"),
  });

  dispatch(event: CoreEvent): void {
    const name = event.kind === "timer" ? event.timer : event.kind === "control" ? event.action : event.kind;
    this.seen.push(name);
    if (this.throwsAt.has(name)) throw new Error(name);
  }
}

describe("the event loop", () => {
  test("dispatches the start first, then the events that came before it, by class", async () => {
    const core = new Recorder();
    core.loop.deliver(STOP);
    core.loop.deliver(timer("t"));
    core.loop.deliver(UEVENT);
    await turns(3);
    expect(core.seen).toEqual([]);
    core.loop.start(core);
    await turns(1);
    expect(core.seen).toEqual(["start", "uevent", "t", "stop"]);
  });

  test("never enters the core during a dispatch", async () => {
    const core = new Recorder();
    const nested: boolean[] = [];
    let inside = false;
    core.loop.start({
      dispatch: (event) => {
        nested.push(inside);
        inside = true;
        if (event.kind === "control") core.loop.deliver(UEVENT);
        inside = false;
      },
    });
    await turns(2);
    expect(nested).toEqual([false, false]);
  });

  test("gives everything else a turn during a flood", async () => {
    const core = new Recorder();
    core.loop.start(core);
    for (let i = 0; i < 1_000; i++) core.loop.deliver(UEVENT);
    await turns(1);
    expect(core.seen.length).toBeLessThan(500);
    await turns(5);
    expect(core.seen).toHaveLength(1_001);
  });

  test("stops the core at the first crash, and still dispatches later events", async () => {
    const core = new Recorder();
    core.throwsAt.add("bad");
    core.loop.start(core);
    core.loop.deliver(timer("bad"));
    core.loop.deliver(timer("good"));
    await turns(2);
    expect(core.seen).toEqual(["start", "bad", "stop", "good"]);
    expect(core.ends).toEqual(["crashed: Error: bad"]);
  });

  test("ends at the second crash", async () => {
    const core = new Recorder();
    core.throwsAt = new Set(["bad", "stop"]);
    core.loop.start(core);
    core.loop.deliver(timer("bad"));
    core.loop.deliver(timer("never"));
    await turns(2);
    expect(core.seen).toEqual(["start", "bad", "stop"]);
    expect(core.ends).toEqual(["crashed: Error: bad", "crashed: Error: stop", "gave up"]);
  });

  test("dispatches nothing after its stop", async () => {
    const core = new Recorder();
    core.loop.start(core);
    core.loop.deliver(UEVENT);
    core.loop.stop();
    await turns(2);
    expect(core.seen).toEqual(["start"]);
  });
});
