/** Turns the issues of a scenario's codec into problems with places. */
import type { z } from "zod";
import { type Path, type Point, PROBLEMS_MAX, type Source } from "./document.js";

type Issue = z.core.$ZodIssue;

/** Adds each issue to the source once. */
export function reportIssues(source: Source, issues: readonly Issue[], value: unknown): void {
  const seen = new Set<string>();
  for (const issue of issues) report(source, issue, { prefix: [], value, seen });
}

interface Context {
  /** Where the issue's own path begins. */
  readonly prefix: Path;
  /** The value at the prefix. */
  readonly value: unknown;
  readonly seen: Set<string>;
}

function report(source: Source, issue: Issue, context: Context): void {
  const path = [...context.prefix, ...plainPath(issue.path)];
  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys.slice(0, PROBLEMS_MAX)) add(source, context, [...path, key], issue.message, "key");
      return;
    case "invalid_key":
      add(source, context, path, issue.issues[0]?.message ?? "another key", "key");
      return;
    case "invalid_union": {
      const value = valueAt(context.value, issue.path);
      const meant = meantBranch(issue.errors, value);
      if (meant === undefined) break;
      for (const inner of meant) report(source, inner, { prefix: path, value, seen: context.seen });
      return;
    }
    default:
      break;
  }
  add(source, context, path, issue.message, pointOf(issue));
}

/** Complaints of the vocabulary say whether they point at a value or at its key. */
function pointOf(issue: Issue): Point {
  return issue.code === "custom" && issue.params?.["point"] === "key" ? "key" : "value";
}

/** Adds a problem once: a text that fails several checks of one schema is one problem. */
function add(source: Source, { seen }: Context, path: Path, expected: string, point: Point): void {
  const problem = JSON.stringify([path, expected]);
  if (source.full || seen.has(problem)) return;
  seen.add(problem);
  source.add(path, expected, point);
}

function plainPath(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, part)?.value;
  }
  return at;
}

/** Codes of issues about values of the right form with wrong content. */
const CONTENT_CODES = ["unrecognized_keys", "too_small", "too_big"];

/** A complaint comes from a decoder, and a decoder sees only values of the right form. */
function isAboutContent(issue: Issue): boolean {
  return CONTENT_CODES.includes(issue.code) || (issue.code === "custom" && issue.params?.["point"] !== undefined);
}

/**
 * Finds the alternative of a union that was meant: of those of the value's form, the one with the fewest wrong keys.
 * Returns `undefined` if none or several are nearest: then the problem names all alternatives.
 */
function meantBranch(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  const fits = branches.filter((issues) => issues.every((issue) => issue.path.length > 0 || isAboutContent(issue)));
  const scored = fits.map((issues) => ({ issues, score: distance(issues, value) }));
  const best = Math.min(...scored.map(({ score }) => score));
  const nearest = scored.filter(({ score }) => score === best);
  return nearest.length === 1 ? nearest[0]?.issues : undefined;
}

/** An unknown or missing key weighs more than a wrong value. */
function distance(issues: readonly Issue[], value: unknown): number {
  let sum = 0;
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") sum += 3 * issue.keys.length;
    else sum += valueAt(value, issue.path) === undefined ? 3 : 1;
  }
  return sum;
}
