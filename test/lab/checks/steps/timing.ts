/** Limits for waits on the daemon, and times in its log. */
import { Seconds } from "../../../../src/core/domain/units.js";

/** The limit for a start, a soak and some connects on an emulated processor. */
export const LIVE_LIMIT = Seconds(30);
/** The daemon stops within this time, regardless of what the kernel does meanwhile. */
export const STOP_LIMIT = Seconds(5);

/** A clean end of a process. */
export const CLEAN = { status: 0, signal: null } as const;

/** The time of a log line, in milliseconds since 1970. */
export function loggedAt(line: string): number {
  const at = Date.parse(line.split(" ", 1)[0] ?? "");
  if (Number.isNaN(at)) throw new Error(`a log line has no time: ${line}`);
  return at;
}

/** Formats milliseconds as seconds. */
export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
