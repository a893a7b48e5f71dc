import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { POOL_THREADS, LANE } from "../../../src/adapters/real/lane.js";
import { notifyAddress, watchdogInterval } from "../../../src/adapters/real/sd-notify.js";

describe("the socket of the service manager", () => {
  test("may be a path, which ends with a NUL", () => {
    expect(notifyAddress("/run/x")?.toString("latin1")).toBe("\x01\x00/run/x\x00");
  });
  test("may be an abstract name, which starts with a NUL and does not end with one", () => {
    expect(notifyAddress("@ab")?.toString("latin1")).toBe("\x01\x00\x00ab");
  });
  test("may be nothing else", () => {
    for (const name of [undefined, "", "/", "relative", "@", `/${"x".repeat(200)}`]) {
      expect(notifyAddress(name)).toBeUndefined();
    }
  });
});

describe("the watchdog", () => {
  test("is fed at half of its time", () => {
    expect(watchdogInterval({ WATCHDOG_USEC: "30000000" }, 7)).toBe(15_000);
    expect(watchdogInterval({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }, 7)).toBe(15_000);
  });
  test("is not ours if it names another process, or has no valid time", () => {
    expect(watchdogInterval({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "8" }, 7)).toBeUndefined();
    expect(watchdogInterval({}, 7)).toBeUndefined();
    for (const limit of ["", "0", "x", "-1", "1e9"])
      expect(watchdogInterval({ WATCHDOG_USEC: limit }, 7)).toBeUndefined();
  });
});

describe("the thread pool", () => {
  test("has the size that the launcher of the daemon sets, and is larger than all lanes together", () => {
    const launcher = readFileSync("src/bin/stas-daemon.cts", "utf8");
    expect(launcher).toContain(`process.env["UV_THREADPOOL_SIZE"] = "${String(POOL_THREADS)}"`);
    const lanes = Object.values(LANE).reduce((sum, width) => sum + width, 0);
    expect(lanes).toBeLessThan(POOL_THREADS);
  });
});
