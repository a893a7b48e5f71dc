/** Durations and times as a scenario spells them: `250ms`, `2.9s`, `10m`, `72h`, `1d`. */
import { Milliseconds } from "../../core/domain/units.js";

/** Largest first, so that the shortest spelling is found first. */
const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** At most 9 digits before the point and 6 after it, so that the arithmetic below is exact. */
export const DURATION_PATTERN = /^[0-9]{1,9}(\.[0-9]{1,6})?(ms|s|m|h|d)$/;
export const SIGNED_DURATION_PATTERN = /^[+-][0-9]{1,9}(\.[0-9]{1,6})?(ms|s|m|h|d)$/;
export const RANGE_PATTERN = /^[0-9]{1,9}(\.[0-9]{1,6})?(ms|s|m|h|d)\.\.[0-9]{1,9}(\.[0-9]{1,6})?(ms|s|m|h|d)$/;

/** The latest time of a scenario: 10 years. */
export const TIME_MAX = Milliseconds(3_653 * 86_400_000);

/** Reads a duration; `undefined` if it is not valid, not a whole number of milliseconds, or beyond `TIME_MAX`. */
export function parseDuration(text: string): Milliseconds | undefined {
  const match = /^([0-9]{1,9})(?:\.([0-9]{1,6}))?(ms|s|m|h|d)$/.exec(text);
  const [, whole = "", fraction = "", unit] = match ?? [];
  const size = UNITS.find(([name]) => name === unit)?.[1];
  if (size === undefined) return undefined;
  const value = Number(whole) * size + (Number(fraction) * size) / 10 ** fraction.length;
  return Number.isInteger(value) && value <= TIME_MAX ? Milliseconds(value) : undefined;
}

/** Reads a duration with a sign: `+1h`, `-90s`. */
export function parseSignedDuration(text: string): Milliseconds | undefined {
  const size = parseDuration(text.slice(1));
  if (size === undefined) return undefined;
  if (text.startsWith("-")) return Milliseconds(size === 0 ? 0 : -size);
  return text.startsWith("+") ? size : undefined;
}

/** Reads `30s..10m`; `undefined` also if it ends before it begins. */
export function parseRange(text: string): { readonly from: Milliseconds; readonly to: Milliseconds } | undefined {
  const dots = text.indexOf("..");
  if (dots < 0) return undefined;
  const from = parseDuration(text.slice(0, dots));
  const to = parseDuration(text.slice(dots + 2));
  return from === undefined || to === undefined || from > to ? undefined : { from, to };
}

/** Spells a duration (>= 0) in the largest unit that divides it, or in seconds. `parseDuration` reads it back. */
export function spellDuration(duration: Milliseconds): string {
  if (duration === 0) return "0s";
  for (const [name, size] of UNITS) {
    if (size >= 1_000 && duration % size === 0) return `${duration / size}${name}`;
  }
  return duration > 1_000 ? `${duration / 1_000}s` : `${duration}ms`;
}

export function spellSignedDuration(duration: Milliseconds): string {
  return duration < 0 ? `-${spellDuration(Milliseconds(-duration))}` : `+${spellDuration(duration)}`;
}

export function spellRange(range: { readonly from: Milliseconds; readonly to: Milliseconds }): string {
  return `${spellDuration(range.from)}..${spellDuration(range.to)}`;
}
