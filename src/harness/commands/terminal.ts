/** What all commands share: where they write, how they end, and how they read their arguments. */
import { InvalidArgumentError } from "commander";
import type { Milliseconds } from "../../core/domain/units.js";
import { formatProblem, loadScenarios } from "../load.js";
import type { Paint } from "../report/text.js";
import { parseDuration } from "../scenario/duration.js";
import type { Scenario } from "../scenario/types.js";

/** Exit statuses: those of sysexits.h if it has one. */
export const EXIT = { pass: 0, fail: 1, inconclusive: 2, usage: 64, badFile: 65 } as const;

/** Where a command line writes. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Where to draw a progress bar; `undefined` without a terminal. */
  readonly bar: NodeJS.WriteStream | undefined;
  readonly paint: Paint;
  /** The folder of the package's own scenarios. */
  readonly ownScenarios: string;
}

export function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d{1,10}$/.test(text) && seed <= 0xffff_ffff) return seed;
  throw new InvalidArgumentError("It must be a whole number from 0 to 4294967295.");
}

/** Reads a whole number from `least` to `most`. */
export function parseCount(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d{1,10}$/.test(text) && count >= least && count <= most) return count;
    throw new InvalidArgumentError(`It must be a whole number from ${String(least)} to ${String(most)}.`);
  };
}

export function parseTime(text: string): Milliseconds {
  const time = parseDuration(text);
  if (time !== undefined) return time;
  throw new InvalidArgumentError("It must be a time such as 61s, 2.5s or 10m.");
}

/** Reads all scenarios. If any has a problem, prints the problems and returns `undefined`, so that nothing runs. */
export function load(paths: readonly string[], terminal: Terminal): readonly Scenario[] | undefined {
  const { scenarios, problems } = loadScenarios(paths);
  for (const problem of problems) terminal.err(formatProblem(problem));
  return problems.length === 0 ? scenarios : undefined;
}

/** Reads the only scenario of a command. Prints why it cannot, and returns the exit status. */
export function loadOne(file: string, command: string, terminal: Terminal): Scenario | number {
  const scenarios = load([file], terminal);
  const scenario = scenarios?.[0];
  if (scenarios === undefined || scenario === undefined) return EXIT.badFile;
  if (scenarios.length === 1) return scenario;
  terminal.err(`error: ${command} takes one scenario, not ${String(scenarios.length)}`);
  return EXIT.usage;
}
