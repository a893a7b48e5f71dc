import { describe, expect, test } from "vitest";
import { LANE, Lane, POOL_THREADS } from "../../../src/adapters/real/lane.js";
import { FdWatcher, POLLIN } from "../../../src/adapters/real/watcher.js";
import { FakeLibc, READY_FD, UEVENT_FD } from "./fake-libc.js";

const MESSAGE = { bytes: new Uint8Array(1) };

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("a watcher of descriptors", () => {
  test("calls back as long as a descriptor is ready", async () => {
    const libc = new FakeLibc();
    const seen: number[] = [];
    const unwatch = new FdWatcher(libc).watch(UEVENT_FD, POLLIN, (events) => {
      seen.push(events);
      if (seen.length === 3) libc.waiting.pop();
    });
    await turns(2);
    expect(seen).toEqual([]);
    libc.put(MESSAGE);
    await turns(2);
    expect(seen).toEqual([POLLIN, POLLIN, POLLIN]);
    unwatch();
  });

  test("notices a descriptor that is added while a poll waits", async () => {
    const libc = new FakeLibc();
    const watcher = new FdWatcher(libc);
    const unwatchFirst = watcher.watch(UEVENT_FD, POLLIN, () => undefined);
    await turns(1);
    let seen = 0;
    const unwatchSecond = watcher.watch(READY_FD, POLLIN, () => {
      seen += 1;
      unwatchSecond();
    });
    await turns(2);
    expect(seen).toBe(1);
    unwatchFirst();
  });

  test("stops calling back and polling once it is told to, even for a descriptor that is already ready", async () => {
    const libc = new FakeLibc();
    const watcher = new FdWatcher(libc);
    const seen: string[] = [];
    const unwatch = [
      watcher.watch(UEVENT_FD, POLLIN, () => {
        seen.push("first");
        for (const undo of unwatch) undo();
      }),
      watcher.watch(UEVENT_FD, POLLIN, () => seen.push("second")),
    ];
    libc.put(MESSAGE);
    await turns(2);
    expect(seen).toEqual(["first"]);
    const { polls } = libc;
    libc.closed = true;
    libc.put(MESSAGE);
    await turns(2);
    expect([seen, libc.polls]).toEqual([["first"], polls]);
  });
});

describe("a lane", () => {
  test("runs as many jobs at once as it is wide, and the others in order", async () => {
    const lane = new Lane(2);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    for (let job = 0; job < 4; job++) {
      lane.run(() => {
        started.push(job);
        return new Promise((resolve) => ends.push(resolve));
      });
    }
    expect(started).toEqual([0, 1]);
    ends[1]!();
    await turns(1);
    expect(started).toEqual([0, 1, 2]);
    ends[0]!();
    ends[2]!();
    await turns(1);
    expect(started).toEqual([0, 1, 2, 3]);
  });

  test("leaves, with all others, threads for files and for the poll of kernel events", () => {
    const lanes = Object.values(LANE).reduce((sum, width) => sum + width, 0);
    expect(lanes).toBeLessThanOrEqual(POOL_THREADS - 16);
  });
});
