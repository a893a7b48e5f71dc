/** The cost of processes, as the kernel accounts for it. */
import { readFileSync, readdirSync } from "node:fs";
import type { Service } from "../guest/service.js";
import type { Memory } from "./figures.js";

const NANOSECONDS_PER_MILLISECOND = 1e6;

/** The processes' CPU time since their start, over all threads. These processes keep every thread until they end. */
export function cpuMs(processes: readonly Service[]): number {
  const spent = processes.flatMap(({ pid }) =>
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const [running = ""] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ");
      return Number(running) / NANOSECONDS_PER_MILLISECOND;
    }),
  );
  return sum(spent);
}

/** The processes' current memory, summed. */
export function memory(processes: readonly Service[]): Memory {
  const rollups = processes.map(({ pid }) => readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"));
  return { rssMib: sum(rollups.map(mib("Rss"))), pssMib: sum(rollups.map(mib("Pss"))) };
}

function mib(field: "Rss" | "Pss"): (rollup: string) => number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m");
  return (rollup) => Number(line.exec(rollup)?.[1]) / 1024;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
