import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RealClock } from "../../../src/adapters/real/clock.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { CoreEvent } from "../../../src/core/ports/index.js";

const DAY = 24 * 60 * 60 * 1_000;

describe("the clock", () => {
  let fired: CoreEvent[];
  let clock: RealClock;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    fired = [];
    clock = new RealClock((event) => fired.push(event));
  });
  afterEach(() => {
    clock.close();
    vi.useRealTimers();
  });

  test("fires a named timer once, when its delay is over", () => {
    clock.arm("retry", Milliseconds(3_000));
    vi.advanceTimersByTime(2_999);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual([{ kind: "timer", timer: "retry" }]);
    vi.advanceTimersByTime(DAY);
    expect(fired).toHaveLength(1);
  });

  test("replaces a timer that is armed again, and does not fire a disarmed one", () => {
    clock.arm("a", Milliseconds(1_000));
    clock.arm("b", Milliseconds(1_000));
    clock.arm("a", Milliseconds(5_000));
    clock.disarm("b");
    clock.disarm("never armed");
    vi.advanceTimersByTime(4_999);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual([{ kind: "timer", timer: "a" }]);
  });

  test("waits out a delay that is longer than setTimeout can count", () => {
    clock.arm("purge", Milliseconds(30 * DAY));
    vi.advanceTimersByTime(30 * DAY - 1);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toHaveLength(1);
  });

  test("keeps its timers when the wall clock steps", () => {
    const before = clock.now();
    clock.arm("retry", Milliseconds(1_000));
    vi.setSystemTime(0);
    expect(clock.wallTime()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(fired).toHaveLength(1);
    expect(clock.now() - before).toBe(1_000);
  });

  test("fires nothing after it is closed", () => {
    clock.arm("retry", Milliseconds(1_000));
    clock.close();
    vi.advanceTimersByTime(DAY);
    expect(fired).toEqual([]);
  });
});
