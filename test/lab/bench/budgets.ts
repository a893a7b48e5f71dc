/** The daemon's budgets, compared with its measurements. */
import type { Figures, Spent } from "./figures.js";

/** One figure of the report as text, and whether it is within its budget. A figure without a budget only informs. */
export interface Judged {
  readonly text: string;
  readonly verdict: "met" | "missed" | "informs";
}

/** A line of the report. */
interface Line {
  readonly what: string;
  /** The budget, for a person to read. */
  readonly budget: string;
  /** Judges one run of the measurements; `undefined` if that run did not measure this. */
  judge(figures: Figures): Judged | undefined;
}

/** The soak that gathers changes (src/core/domain/limits.ts). */
const SOAK_MS = 1500;
const RETRY_MS = 3000;
/** Time beyond the soak or the retry: reading the page, planning, connecting. */
const CHANGE_MS = 300;
const CHANGE_CPU_MS = 100;
const RESTART_MS = 5000;
const ANSWER_MS = 20;
/** A quarter of what stafd and stacd 2.4.1 took with 150 I/O controllers, in a machine emulated like this one. */
const START_CPU_MS = 10_400;
/** What stafd and stacd 2.4.1 together held in such a machine, with this many I/O controllers or fewer. */
const RSS_MIB = [
  { volumes: 10, mib: 66 },
  { volumes: 50, mib: 67 },
  { volumes: 150, mib: 69 },
];
/** The share that rounds to 0.0 % on a native processor, which is at least `EMULATION` times as fast. */
const IDLE_SHARE = 0.0005;
const EMULATION = 11;

export const LINES: readonly Line[] = [
  inform("kernel alone: connecting all and the DC by plain writes", ({ floorMs }) => seconds(median(floorMs))),
  inform("kernel alone: deleting and reconnecting one", ({ byHandMs }) => milliseconds(median(byHandMs))),
  inform("process start until the first log line", ({ starts }) => seconds(median(starts.map(({ upMs }) => upMs)))),
  {
    what: "start until all are live",
    budget: "2 x kernel alone + process start + 1.5 s",
    judge({ floorMs, starts }) {
      const most = 2 * median(floorMs) + median(starts.map(({ upMs }) => upMs)) + SOAK_MS;
      const took = median(starts.map(({ all }) => all.ms));
      return { text: `${seconds(took)} of ${seconds(most)}`, verdict: within(took, most) };
    },
  },
  {
    what: "CPU until then",
    budget: `${seconds(START_CPU_MS)} with 150`,
    judge({ volumes, starts }) {
      const took = startCpu(starts);
      return { text: seconds(took), verdict: volumes === 150 ? within(took, START_CPU_MS) : "informs" };
    },
  },
  {
    what: "RSS then",
    budget: "66, 67, 69 MiB (one process)",
    judge: ({ starts, ...figures }) => judgeRss(figures, Math.max(...starts.map(({ memory }) => memory.rssMib))),
  },
  inform("PSS then", ({ starts }) => mib(Math.max(...starts.map(({ memory }) => memory.pssMib)))),
  restart("SIGTERM"),
  restart("SIGKILL"),
  inform("CPU of a restart", ({ restarts }) => seconds(Math.max(...restarts.map(({ all }) => all.cpuMs)))),
  {
    what: "RSS after a restart",
    budget: "66, 67, 69 MiB (one process)",
    judge: ({ restarts, ...figures }) => judgeRss(figures, Math.max(...restarts.map(({ memory }) => memory.rssMib))),
  },
  change("subsystem added: event until live", ({ more }) => more),
  changeCpu("CPU of adding a subsystem", ({ more }) => more),
  change("subsystem removed: event until gone", ({ less }) => less),
  inform("CPU of removing a subsystem", ({ less }) => milliseconds(median(less.map(({ cpuMs }) => cpuMs)))),
  removal("I/O controller deleted by hand until live again", ({ removed }) => removed.ioMs),
  removal("discovery controller deleted by hand until live again", ({ removed }) => removed.dcMs),
  {
    what: "stac's answer to list_controllers",
    budget: `${ANSWER_MS} ms`,
    judge({ askedMs }) {
      const took = median(askedMs);
      const spread = `${milliseconds(Math.min(...askedMs))} to ${milliseconds(Math.max(...askedMs))}`;
      return { text: `${milliseconds(took)} (${spread})`, verdict: within(took, ANSWER_MS) };
    },
  },
  {
    what: "idle CPU",
    budget: `0.0 % on a native CPU, ${EMULATION} x as fast`,
    judge({ idle }) {
      if (idle === undefined) return undefined;
      const share = idle.cpuMs / 1000 / idle.seconds;
      const text = `${(share * 100).toFixed(2)} % (${milliseconds(idle.cpuMs)} in ${idle.seconds} s)`;
      return { text, verdict: share / EMULATION < IDLE_SHARE ? "met" : "missed" };
    },
  },
  {
    what: "RSS at the end",
    budget: "66, 67, 69 MiB (one process)",
    judge: ({ memoryLast, ...figures }) => judgeRss(figures, memoryLast.rssMib),
  },
];

/** Whether the cost per extra controller is constant: compares the last of two steps in number with the first. */
export function judgeGrowth(few: Figures, some: Figures, many: Figures): Judged {
  const first = cpuOfOneMore(few, some);
  const last = cpuOfOneMore(some, many);
  return {
    text: `${milliseconds(first)} up to ${some.volumes}, ${milliseconds(last)} up to ${many.volumes}`,
    verdict: within(last, first * GROWTH),
  };
}

/** More than boots differ from each other by. Quadratic growth would be 3.3 here. */
export const GROWTH = 1.5;

function cpuOfOneMore(fewer: Figures, more: Figures): number {
  return (startCpu(more.starts) - startCpu(fewer.starts)) / (more.volumes - fewer.volumes);
}

function startCpu(starts: Figures["starts"]): number {
  return median(starts.map(({ all }) => all.cpuMs));
}

function inform(what: string, text: (figures: Figures) => string): Line {
  return { what, budget: "", judge: (figures) => ({ text: text(figures), verdict: "informs" }) };
}

function restart(signal: "SIGTERM" | "SIGKILL"): Line {
  return {
    what: `restart after ${signal} until all are known`,
    budget: seconds(RESTART_MS),
    judge({ restarts }) {
      const took = restarts.find((one) => one.signal === signal)?.all.ms;
      return took === undefined ? undefined : { text: seconds(took), verdict: within(took, RESTART_MS) };
    },
  };
}

function change(what: string, spent: (figures: Figures) => readonly Spent[]): Line {
  return {
    what,
    budget: "1.5 s + 0.3 s",
    judge(figures) {
      const took = median(spent(figures).map(({ ms }) => ms));
      return { text: seconds(took), verdict: within(took, SOAK_MS + CHANGE_MS) };
    },
  };
}

function changeCpu(what: string, spent: (figures: Figures) => readonly Spent[]): Line {
  return {
    what,
    budget: milliseconds(CHANGE_CPU_MS),
    judge(figures) {
      const took = median(spent(figures).map(({ cpuMs }) => cpuMs));
      return { text: milliseconds(took), verdict: within(took, CHANGE_CPU_MS) };
    },
  };
}

function removal(what: string, took: (figures: Figures) => number): Line {
  return {
    what,
    budget: "3 s + 0.3 s",
    judge: (figures) => ({ text: seconds(took(figures)), verdict: within(took(figures), RETRY_MS + CHANGE_MS) }),
  };
}

/** Two node processes alone exceed the limit, so for them the figure only informs. */
function judgeRss({ processes, volumes }: Pick<Figures, "processes" | "volumes">, took: number): Judged {
  const most = RSS_MIB.find((one) => volumes <= one.volumes)?.mib;
  return { text: mib(took), verdict: processes === 1 && most !== undefined ? within(took, most) : "informs" };
}

function within(took: number, most: number): "met" | "missed" {
  return took <= most ? "met" : "missed";
}

/** The middle value; the larger of the two middle values for an even count. NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}

function mib(value: number): string {
  return `${value.toFixed(1)} MiB`;
}
