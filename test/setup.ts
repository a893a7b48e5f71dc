/**
 * Runs before the tests of each file. Properties draw from a fixed seed, so that a test run can be repeated;
 * FAST_CHECK_SEED=N sets another seed. The files of a worker share one process, and none may leave it changed.
 */
import fc from "fast-check";
import { afterAll, expect, vi } from "vitest";

const DEFAULT_SEED = 20_261_122;

fc.configureGlobal({ seed: Number(process.env["FAST_CHECK_SEED"] ?? DEFAULT_SEED) });

/** What a test may replace for a while: fake timers, the tripwire, an environment of its own. */
function shared(): unknown {
  return {
    fakeTimers: vi.isFakeTimers(),
    globals: [Date, setTimeout, setInterval, setImmediate, queueMicrotask, fetch, Math.random],
    environment: { ...process.env },
    exitCode: process.exitCode,
    folder: process.cwd(),
  };
}

const before = shared();
afterAll(() => {
  expect(shared(), "a file leaves its worker as it found it").toEqual(before);
});
