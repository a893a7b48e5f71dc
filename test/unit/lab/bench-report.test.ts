import { describe, expect, test } from "vitest";
import { judgeGrowth, median } from "../../lab/bench/budgets.js";
import type { Figures } from "../../lab/bench/figures.js";
import { reportMeasurements } from "../../lab/bench/report.js";

const MEMORY = { rssMib: 60, pssMib: 40 };

/** Figures within every budget. */
const GOOD: Figures = {
  volumes: 150,
  processes: 1,
  floorMs: [2000, 1900, 2100],
  byHandMs: [50, 60, 70],
  starts: [6000, 6100, 9000].map((ms) => ({ upMs: 1000, all: { ms, cpuMs: 5000 }, memory: MEMORY })),
  restarts: (["SIGTERM", "SIGKILL"] as const).map((signal) => ({
    signal,
    endMs: 100,
    all: { ms: 4000, cpuMs: 3000 },
    memory: MEMORY,
  })),
  more: [1600, 1650, 2500].map((ms) => ({ ms, cpuMs: 80 })),
  less: [1600, 1600, 1600].map((ms) => ({ ms, cpuMs: 80 })),
  removed: { ioMs: 3100, dcMs: 3100 },
  askedMs: [15, 16, 100],
  idle: { seconds: 60, cpuMs: 60 },
  memoryLast: MEMORY,
};

function report(...figures: readonly Figures[]) {
  return reportMeasurements(
    new Map(figures.map((one) => [`bench-${String(one.volumes)}-${String(one.processes)}`, one])),
  );
}

/** Starts of `volumes` volumes that took this much CPU. */
function withCpu(volumes: number, cpuMs: number): Figures {
  return { ...GOOD, volumes, starts: GOOD.starts.map((start) => ({ ...start, all: { ...start.all, cpuMs } })) };
}

describe("the report of the measurements", () => {
  test("passes if every budget is met", () => {
    const { text, met } = report(GOOD, { ...GOOD, processes: 2 });
    expect(met).toBe(true);
    expect(text).toContain("Both services in one process");
    expect(text).toContain("Two processes over a bus");
    expect(text).toMatch(/Every budget is met\.$/u);
  });

  const slowRestart = { signal: "SIGKILL", endMs: 100, all: { ms: 5001, cpuMs: 3000 }, memory: MEMORY } as const;
  const heavy = { rssMib: 69.1, pssMib: 40 };
  const changes: readonly (readonly [string, Partial<Figures>])[] = [
    ["start until all are live", { floorMs: [1500, 1600, 1700] }],
    ["CPU until then", withCpu(150, 10_401)],
    ["RSS then", { starts: GOOD.starts.map((start) => ({ ...start, memory: heavy })) }],
    ["restart after SIGKILL until all are known", { restarts: [slowRestart] }],
    ["RSS after a restart", { restarts: GOOD.restarts.map((restart) => ({ ...restart, memory: heavy })) }],
    ["subsystem added: event until live", { more: [1801, 1801, 1].map((ms) => ({ ms, cpuMs: 1 })) }],
    ["CPU of adding a subsystem", { more: [101, 101, 1].map((cpuMs) => ({ ms: 1600, cpuMs })) }],
    ["subsystem removed: event until gone", { less: [1801, 1801, 1].map((ms) => ({ ms, cpuMs: 1 })) }],
    ["I/O controller deleted by hand until live again", { removed: { ioMs: 3301, dcMs: 3000 } }],
    ["discovery controller deleted by hand until live again", { removed: { ioMs: 3000, dcMs: 3301 } }],
    ["stac's answer to list_controllers", { askedMs: [21, 21, 1] }],
    ["idle CPU", { idle: { seconds: 60, cpuMs: 331 } }],
    ["RSS at the end", { memoryLast: heavy }],
  ];
  test.each(changes)("misses the budget: %s", (what, change) => {
    const { text, met } = report({ ...GOOD, ...change });
    expect(met).toBe(false);
    const lines = text.split("\n");
    const missed = lines.flatMap((line, index) => (line.includes("MISSED") ? [index] : []));
    expect(missed).toEqual([expect.any(Number), lines.length - 1]);
    expect(lines[missed[0]! - 1]).toContain(what);
    expect(lines.at(-1)).toBe("Budgets MISSED: 1.");
  });

  test("judges figures that grow with the controllers by the number of controllers", () => {
    expect(report(withCpu(50, 10_401)).met).toBe(true);
    expect(report({ ...GOOD, volumes: 10, memoryLast: { rssMib: 66.1, pssMib: 40 } }).met).toBe(false);
    expect(report({ ...GOOD, processes: 2, memoryLast: { rssMib: 120, pssMib: 70 } }).met).toBe(true);
  });

  test("shows no figure that was not measured", () => {
    const { idle: _, ...others } = GOOD;
    expect(report({ ...others }).met).toBe(true);
    expect(report().text).toBe("Nothing was measured.");
    expect(report().met).toBe(false);
  });

  test("fits a terminal of 120 columns, with a figure below its number of controllers", () => {
    const { text } = report({ ...GOOD, volumes: 10 }, { ...GOOD, volumes: 50 }, GOOD);
    const lines = text.split("\n");
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(120);
    const [title, heads = ""] = lines;
    expect(title).toBe("Both services in one process");
    const figures = lines[lines.findIndex((line) => line.startsWith("start until all are live (budget: ")) + 1] ?? "";
    for (const head of ["10 I/O", "50 I/O", "150 I/O"]) {
      expect(figures.slice(heads.indexOf(` ${head}`) + 1)).toMatch(/^\d+\.\d\d s of/u);
    }
  });

  test("refuses a payload that is not a measurement", () => {
    expect(() => reportMeasurements(new Map([["boot", { seconds: 1 }]]))).toThrow();
  });
});

describe("the growth of CPU time", () => {
  test("is linear if each further controller costs the same", () => {
    expect(judgeGrowth(withCpu(10, 3000), withCpu(50, 4000), withCpu(150, 6500)).verdict).toBe("met");
    expect(judgeGrowth(withCpu(10, 3000), withCpu(50, 4000), withCpu(150, 8000)).verdict).toBe("missed");
  });

  test("is reported if three numbers of controllers were measured", () => {
    expect(report(withCpu(150, 8000), withCpu(10, 3000), withCpu(50, 4000)).text).toMatch(
      /^CPU per extra controller.*\n +25 ms up to 50, 40 ms up to 150 MISSED$/mu,
    );
  });
});

test("the median is the middle value, or the later of two", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([1, 2])).toBe(2);
  expect(median([])).toBeNaN();
});
