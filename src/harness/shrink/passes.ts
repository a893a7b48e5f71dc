/**
 * The ways to make a scenario smaller: structure first, then times. Each pass takes a record and a test, tries smaller
 * records, and returns the smallest one that passes the test. It never returns one that fails it.
 */
import { parseDuration, parseRange, spellDuration } from "../scenario/duration.js";
import { Milliseconds } from "../../core/domain/units.js";
import { isList, isRecord, type Place, type Plain, placesOf, valueAt, withValue } from "./plain.js";

/** Whether a smaller record still shows what is looked for. */
export type Keeps = (candidate: Plain) => boolean;
export type Pass = (record: Plain, keeps: Keeps) => Plain;

/** What every scenario must have. */
const NEVER_DROPPED: readonly string[] = ["format", "title", "until"];

/** Expectations stay as they are: one that asks for less is met by less. */
function isJudge([section]: Place): boolean {
  return section === "expect";
}

/**
 * Removes elements from a list: halves first, then smaller and smaller chunks, down to single elements (delta debugging,
 * Zeller 1999, "complement" steps only).
 */
export function fewerElements<Element>(
  all: readonly Element[],
  keeps: (fewer: readonly Element[]) => boolean,
): readonly Element[] {
  let left = all;
  for (let size = Math.max(1, Math.ceil(all.length / 2)); left.length > 0; size = Math.ceil(size / 2)) {
    // From the end: what comes last depends on what comes first.
    for (let end = left.length; end > 0; end -= size) {
      const fewer = left.toSpliced(Math.max(0, end - size), Math.min(size, end));
      if (keeps(fewer)) left = fewer;
    }
    if (size === 1) return left;
  }
  return left;
}

/** Tries the empty list, then fewer and fewer steps of the time line. The run is short from then on. */
const fewerSteps: Pass = (record, keeps) => withFewerItems(record, ["timeline"], keeps);

/** Removes items from all lists, the long outer ones first. */
const fewerItems: Pass = (record, keeps) => {
  let smaller = record;
  for (const place of placesOf(record, (value, at) => isList(value) && !isJudge(at)))
    smaller = withFewerItems(smaller, place, keeps);
  return smaller;
};

function withFewerItems(record: Plain, place: Place, keeps: Keeps): Plain {
  const items = valueAt(record, place);
  if (!isList(items)) return record;
  const fewer = fewerElements(items, (some) => keeps(withValue(record, place, some)));
  return fewer.length === items.length ? record : withValue(record, place, fewer);
}

/** Removes each peer, interface, responder and named step with everything that mentions it. */
const fewerNames: Pass = (record, keeps) => {
  let smaller = record;
  for (const name of namesOf(record)) {
    const without = withoutMentions(smaller, name);
    if (without !== undefined && keeps(without)) smaller = without;
  }
  return smaller;
};

/** The ids and names that items of lists have. */
function namesOf(record: Plain): readonly string[] {
  const items = placesOf(record, (value, place) => isRecord(value) && typeof place.at(-1) === "number");
  const names = items.flatMap((place) => [valueAt(record, [...place, "id"]), valueAt(record, [...place, "name"])]);
  return [...new Set(names.filter((name) => typeof name === "string"))].reverse();
}

/** Removes every item of a list, and every key outside of lists, that mentions a name; `undefined` if nothing is left. */
function withoutMentions(value: Plain, name: string): Plain | undefined {
  if (typeof value === "string") return value === name || value.startsWith(`${name}@`) ? undefined : value;
  if (isList(value)) return value.map((item) => withoutMentions(item, name)).filter((item) => item !== undefined);
  if (!isRecord(value)) return value;
  const left: [string, Plain][] = [];
  for (const [key, old] of Object.entries(value)) {
    if (key === name) continue;
    const inner = withoutMentions(old, name);
    if (inner === undefined) return undefined;
    left.push([key, inner]);
  }
  return Object.fromEntries(left);
}

/** Removes keys of records, outer ones first: a section, an option of the kernel, a window. */
const fewerKeys: Pass = (record, keeps) => {
  let smaller = record;
  for (const place of placesOf(record, (_, at) => at.length > 0 && !isJudge(at))) {
    const key = place.at(-1);
    if (typeof key !== "string" || (place.length === 1 && NEVER_DROPPED.includes(key))) continue;
    if (valueAt(smaller, place) === undefined) continue;
    const without = withValue(smaller, place, undefined);
    if (keeps(without)) smaller = without;
  }
  return smaller;
};

/** Removes lines of files. */
const fewerLines: Pass = (record, keeps) => {
  let smaller = record;
  for (const place of placesOf(record, (value) => typeof value === "string" && value.includes("\n"))) {
    const text = valueAt(smaller, place);
    if (typeof text !== "string") continue;
    const lines = text.split(/(?<=\n)/u);
    const fewer = fewerElements(lines, (some) => keeps(withValue(smaller, place, some.join(""))));
    if (fewer.length < lines.length) smaller = withValue(smaller, place, fewer.join(""));
  }
  return smaller;
};

/** Grains of time, the coarsest first. */
const GRAINS = [60_000, 10_000, 1_000, 100].map(Milliseconds);

/** How much longer a run may get while its times are rounded up. `shorterRun` takes back what is not needed. */
const ROUNDING_MARGIN = 600_000;

/** Rounds times, each to the coarsest grain that still shows it. */
const rounderTimes: Pass = (record, keeps) => {
  const until = untilOf(record);
  const longer = withValue(record, ["until"], spellDuration(Milliseconds((until ?? 0) + ROUNDING_MARGIN)));
  let smaller = until !== undefined && keeps(longer) ? longer : record;
  const isTime = (value: Plain): boolean => typeof value === "string" && roundings(value).length > 0;
  for (const place of placesOf(record, (value, at) => isTime(value) && !isJudge(at))) {
    const text = valueAt(smaller, place);
    if (typeof text !== "string") continue;
    for (const rounder of roundings(text)) {
      const candidate = withValue(smaller, place, rounder);
      if (!keeps(candidate)) continue;
      smaller = candidate;
      break;
    }
  }
  return smaller;
};

/** Rounder spellings of a duration or a range, the roundest first; none if the text is neither. */
function roundings(text: string): readonly string[] {
  const range = parseRange(text);
  const one = parseDuration(text);
  const spell = (grain: number): string => {
    if (range !== undefined)
      return `${spellDuration(rounded(range.from, grain))}..${spellDuration(rounded(range.to, grain))}`;
    return one === undefined ? text : spellDuration(rounded(one, grain));
  };
  const rounder = [...new Set(GRAINS.map(spell))];
  const at = rounder.indexOf(text);
  return at < 0 ? rounder : rounder.slice(0, at);
}

/** Rounds up, so that what happens in a run still does. */
function rounded(time: Milliseconds, grain: number): Milliseconds {
  return Milliseconds(Math.ceil(time / grain) * grain);
}

function untilOf(record: Plain): Milliseconds | undefined {
  const text = valueAt(record, ["until"]);
  return typeof text === "string" ? parseDuration(text) : undefined;
}

/** Ends the run sooner. */
const shorterRun: Pass = (record, keeps) => {
  const until = untilOf(record);
  if (until === undefined) return record;
  let low = 0;
  let high: number = until;
  // The end is searched in steps of a second: a bound of log2(seconds) runs.
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000;
    if (middle <= low) break;
    if (keeps(withValue(record, ["until"], spellDuration(Milliseconds(middle))))) high = middle;
    else low = middle;
  }
  return high === until ? record : withValue(record, ["until"], spellDuration(Milliseconds(high)));
};

/** In the order in which they are applied, again and again until none makes the record smaller. */
export const PASSES: readonly Pass[] = [
  shorterRun,
  fewerSteps,
  fewerNames,
  fewerKeys,
  fewerItems,
  fewerLines,
  rounderTimes,
  shorterRun,
];
