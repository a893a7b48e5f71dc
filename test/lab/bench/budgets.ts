/** What the daemon may take, held against what it took. */
import type { Figures, Spent } from "./figures.js";

/** One figure of the report, as text, and whether it is within its budget; a figure without one informs. */
export interface Judged {
  readonly text: string;
  readonly verdict: "met" | "missed" | "informs";
}

/** A line of the report: what it shows of one run of the measurements. `undefined`: that was not measured there. */
interface Line {
  readonly what: string;
  /** What is demanded, for a person. */
  readonly budget: string;
  judge(figures: Figures): Judged | undefined;
}

/** Until changes are gathered, as src/core/domain/limits.ts has it. */
const SOAK_MS = 1500;
const RETRY_MS = 3000;
/** Beyond the soak or the retry: reading the page, planning, connecting. */
const CHANGE_MS = 300;
const CHANGE_CPU_MS = 100;
const RESTART_MS = 5000;
const ANSWER_MS = 20;
/** A quarter of what stafd and stacd 2.4.1 took in a machine emulated like this one, with 150. */
const START_CPU_MS = 10_400;
/** What stafd and stacd 2.4.1 together held in such a machine, with so many I/O controllers or fewer. */
const RSS_MIB = [
  { volumes: 10, mib: 66 },
  { volumes: 50, mib: 67 },
  { volumes: 150, mib: 69 },
];
/** What is shown as 0.0 %, on a processor that is not emulated: that is at least so many times as fast. */
const IDLE_SHARE = 0.0005;
const EMULATION = 11;

export const LINES: readonly Line[] = [
  inform("the kernel alone: all and the DC connected by plain writes", ({ floorMs }) => seconds(median(floorMs))),
  inform("the kernel alone: one deleted and connected again", ({ byHandMs }) => milliseconds(median(byHandMs))),
  inform("process started: first line of its log", ({ starts }) => seconds(median(starts.map(({ upMs }) => upMs)))),
  {
    what: "started until all live",
    budget: "2 x the kernel alone + process started + 1.5 s",
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
  inform("CPU of such a restart", ({ restarts }) => seconds(Math.max(...restarts.map(({ all }) => all.cpuMs)))),
  {
    what: "RSS after a restart",
    budget: "66, 67, 69 MiB (one process)",
    judge: ({ restarts, ...figures }) => judgeRss(figures, Math.max(...restarts.map(({ memory }) => memory.rssMib))),
  },
  change("one more subsystem: event until live", ({ more }) => more),
  changeCpu("CPU of one more", ({ more }) => more),
  change("one less: event until gone", ({ less }) => less),
  inform("CPU of one less", ({ less }) => milliseconds(median(less.map(({ cpuMs }) => cpuMs)))),
  removal("an I/O controller deleted by hand, until live again", ({ removed }) => removed.ioMs),
  removal("the discovery controller deleted by hand, until live again", ({ removed }) => removed.dcMs),
  {
    what: "list_controllers answered by stac",
    budget: `${ANSWER_MS} ms`,
    judge({ askedMs }) {
      const took = median(askedMs);
      const spread = `${milliseconds(Math.min(...askedMs))} to ${milliseconds(Math.max(...askedMs))}`;
      return { text: `${milliseconds(took)} (${spread})`, verdict: within(took, ANSWER_MS) };
    },
  },
  {
    what: "idle CPU",
    budget: `0.0 % natively, ${EMULATION} x as fast`,
    judge({ idle }) {
      if (idle === undefined) return undefined;
      const share = idle.cpuMs / 1000 / idle.seconds;
      const text = `${(share * 100).toFixed(2)} % (${milliseconds(idle.cpuMs)} in ${idle.seconds} s)`;
      return { text, verdict: share / EMULATION < IDLE_SHARE ? "met" : "missed" };
    },
  },
  {
    what: "RSS after all this",
    budget: "66, 67, 69 MiB (one process)",
    judge: ({ memoryLast, ...figures }) => judgeRss(figures, memoryLast.rssMib),
  },
];

/** Whether a controller more costs the same however many there are: of three numbers of controllers, the last step against the first. */
export function judgeGrowth(few: Figures, some: Figures, many: Figures): Judged {
  const first = cpuOfOneMore(few, some);
  const last = cpuOfOneMore(some, many);
  return {
    text: `${milliseconds(first)} up to ${some.volumes}, ${milliseconds(last)} up to ${many.volumes}`,
    verdict: within(last, first * GROWTH),
  };
}

/** Beyond what one boot differs from another by, linear is not square, which would be 3.3 here. */
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
    what: `restarted after ${signal}, until all are known`,
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

/** Two processes of node alone hold more than that; of them the share that is theirs alone is shown. */
function judgeRss({ processes, volumes }: Pick<Figures, "processes" | "volumes">, took: number): Judged {
  const most = RSS_MIB.find((one) => volumes <= one.volumes)?.mib;
  return { text: mib(took), verdict: processes === 1 && most !== undefined ? within(took, most) : "informs" };
}

function within(took: number, most: number): "met" | "missed" {
  return took <= most ? "met" : "missed";
}

/** The middle one; of an even number the later of the two. NaN without any. */
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
