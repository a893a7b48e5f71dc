/** Time spans as people write them in configuration files. */
import { Milliseconds } from "./units.js";

/** The longest span accepted, in milliseconds (1000 years). It guards against overflow and is not a policy. */
const LONGEST_SPAN_MS = 1000 * 365 * 24 * 60 * 60 * 1000;

/** The longest text parsed. No sensible span comes near it. */
const LONGEST_TEXT = 200;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS: ReadonlyMap<string, number> = new Map([
  ...["d", "dy", "dys", "day", "days"].map((name) => [name, DAY] as const),
  ...["h", "hr", "hrs", "hour", "hours"].map((name) => [name, HOUR] as const),
  ...["m", "min", "mins", "minute", "minutes"].map((name) => [name, MINUTE] as const),
  ...["s", "sec", "secs", "second", "seconds"].map((name) => [name, SECOND] as const),
]);

const NUMBER = /^(?:\d+(?:\.\d*)?|\.\d+)$/;

/** One `3 days` at a time. A comma or a slash may separate it from the next. */
const PART = /(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)\s*([,/]?)\s*/y;

/** `:22`, `1:24`, `1:02:03` and `2:01:02:03`. Only the first number may have any length. */
const CLOCK = /^(\d*)((?::\d{2}){1,3})(\.\d+)?$/;

/** `1:24` is minutes and seconds: the last two numbers always are. */
function clockMs(text: string): number | undefined {
  const match = CLOCK.exec(text);
  if (match === null) return undefined;
  const [, first = "", rest = "", fraction = ""] = match;
  const fields = rest.split(":").slice(1).map(Number);
  if (first === "" && fields.length > 1) return undefined;
  // The minutes of a bare mm:ss have at most two digits; `123:45` would be a guess.
  if (fields.length === 1 && first.length > 2) return undefined;
  const units = [SECOND, MINUTE, HOUR, DAY];
  const numbers = [Number(first), ...fields].reverse();
  let total = fraction === "" ? 0 : Number(`0${fraction}`) * SECOND;
  for (let i = 0; i < numbers.length; i++) total += (numbers[i] ?? 0) * (units[i] ?? 0);
  return total;
}

/** `1 minute, 24 secs`, `3 days 1:00:00`: units from largest to smallest, each at most once. */
function spelledMs(text: string): number | undefined {
  let total = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let at = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (match === null) {
      // A clock with hours may follow the days.
      const clock = smallest === DAY && text.slice(at).split(":").length === 3 ? clockMs(text.slice(at)) : undefined;
      return clock === undefined ? undefined : total + clock;
    }
    const unit = UNITS.get(match[2] ?? "");
    if (unit === undefined || unit >= smallest) return undefined;
    total += Number(match[1]) * unit;
    smallest = unit;
    at = PART.lastIndex;
    if (at === text.length && match[3] !== "") return undefined;
  }
  return total;
}

/**
 * Parses a time span: plain seconds (`90`, `0.5`), units (`72hours`, `3 days`, `1 minute, 24 secs`, `1.2 minutes`) or a
 * clock (`:22`, `1:24`, `1:02:03`). `-1` means forever; no other span is negative.
 *
 * @returns `undefined` if the text is not a time span.
 */
export function parseTimeSpan(text: string): Milliseconds | "forever" | undefined {
  let rest = text.trim().toLowerCase();
  if (rest === "" || rest.length > LONGEST_TEXT) return undefined;
  const sign = rest[0] === "-" || rest[0] === "+" ? rest[0] : "";
  if (sign !== "") rest = rest.slice(1).trimStart();
  if (rest === "") return undefined;
  const total = NUMBER.test(rest) ? Number(rest) * SECOND : (clockMs(rest) ?? spelledMs(rest));
  if (total === undefined || total > LONGEST_SPAN_MS) return undefined;
  const whole = Math.round(total);
  if (sign !== "-" || whole === 0) return Milliseconds(whole);
  return whole === SECOND ? "forever" : undefined;
}
