/** Finds the first difference between two traces that should be equal. */

/** Lines shown before and after the difference. */
export const CONTEXT_LINES = 10;

export interface Difference {
  /** 1-based number of the record. */
  readonly record: number;
  /** The two records; empty if that trace has ended. */
  readonly first: string;
  readonly second: string;
  /** Records before it, equal in both. */
  readonly before: readonly string[];
  /** Records after it, in each trace. */
  readonly behindFirst: readonly string[];
  readonly behindSecond: readonly string[];
}

/** Returns `undefined` if the two are equal. */
export function firstDifference(first: readonly string[], second: readonly string[]): Difference | undefined {
  const length = Math.max(first.length, second.length);
  for (let index = 0; index < length; index++) {
    if (first[index] === second[index]) continue;
    return {
      record: index + 1,
      first: first[index] ?? "",
      second: second[index] ?? "",
      before: first.slice(Math.max(0, index - CONTEXT_LINES), index),
      behindFirst: first.slice(index + 1, index + 1 + CONTEXT_LINES),
      behindSecond: second.slice(index + 1, index + 1 + CONTEXT_LINES),
    };
  }
  return undefined;
}

/** Formats a difference as lines: `  ` marks equal records, `1 ` and `2 ` those of the two runs. */
export function formatDifference(difference: Difference): readonly string[] {
  const { before, first, second, behindFirst, behindSecond } = difference;
  const side = (mark: string, line: string, behind: readonly string[]): readonly string[] =>
    [line === "" ? "(the trace ended)" : line, ...behind].map((each) => `${mark} ${each}`);
  return [...before.map((line) => `  ${line}`), ...side("1", first, behindFirst), ...side("2", second, behindSecond)];
}
