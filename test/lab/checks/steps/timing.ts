/** What every check of the daemon waits for, and how long at most; moments in the daemon's log. */
import { Seconds } from "../../../../src/core/domain/units.js";

/** A start, a soak and some connects take an emulated processor this long at most. */
export const LIVE_LIMIT = Seconds(30);
/** Whatever the kernel does meanwhile, the daemon has stopped within this time. */
export const STOP_LIMIT = Seconds(5);

/** How a process ends that was asked to. */
export const CLEAN = { status: 0, signal: null } as const;

/** When the daemon wrote a line of its log, in milliseconds since 1970. */
export function loggedAt(line: string): number {
  const at = Date.parse(line.split(" ", 1)[0] ?? "");
  if (Number.isNaN(at)) throw new Error(`a line of the log without a time: ${line}`);
  return at;
}

/** Milliseconds as a text in seconds. */
export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
