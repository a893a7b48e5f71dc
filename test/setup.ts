/**
 * Runs before the tests of each file. Properties draw from one seed, so that a run of the tests can be had again;
 * FAST_CHECK_SEED=N draws from another. And the files of a worker share one process: none may leave it changed.
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
