import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { KERNEL_FACTS, testPath } from "./kernel-facts/facts.js";
import { LATENCY } from "../../../src/adapters/sim/kernel/latencies.js";

/** The titles in calls of `test` and `test.each`. */
function titlesIn(source: string): ReadonlySet<string> {
  const titles = [
    ...source.matchAll(
      /^\s*(?:test\(\s*|\] as const\)\(\s*|\]\)\(\s*|test\.each\([^\n]*\)\(\s*|\)\(\s*)"((?:[^"\\]|\\.)*)"/gm,
    ),
  ];
  return new Set(titles.map((match) => match[1] ?? ""));
}

describe("the list of measured facts", () => {
  test("counts the facts that are modelled and those that are not", () => {
    const modelled = KERNEL_FACTS.filter(({ status }) => status.kind === "modelled").length;
    expect({ facts: KERNEL_FACTS.length, modelled, not: KERNEL_FACTS.length - modelled }).toEqual({
      facts: 97,
      modelled: 79,
      not: 18,
    });
  });

  test("has unique ids, a statement for each fact, and a reason for each gap", () => {
    expect(new Set(KERNEL_FACTS.map(({ id }) => id)).size).toBe(KERNEL_FACTS.length);
    for (const { id, statement, status } of KERNEL_FACTS) {
      expect(statement.length, id).toBeGreaterThan(15);
      if (status.kind === "not-modelled") expect(status.reason.length, id).toBeGreaterThan(15);
    }
  });

  test("names only tests that exist", () => {
    for (const { id, status } of KERNEL_FACTS) {
      if (status.kind !== "modelled") continue;
      const titles = titlesIn(readFileSync(new URL(`../../../${testPath(status.file)}`, import.meta.url), "utf8"));
      expect(titles.has(status.test), `${id}: ${status.test}`).toBe(true);
    }
  });

  test("gives a source for every latency, in whole milliseconds", () => {
    for (const [name, ms] of Object.entries(LATENCY)) expect(Number.isInteger(ms) && ms > 0, name).toBe(true);
    const source = readFileSync(new URL("../../../src/adapters/sim/kernel/latencies.ts", import.meta.url), "utf8");
    const comments = source.split("export const LATENCY")[1]?.match(/\/\*\*[\s\S]*?\*\//g) ?? [];
    const unproven = comments.filter((comment) => !/\.log|Not measured|s[1-9]\b|fails at once/.test(comment));
    expect(comments.length).toBeGreaterThan(25);
    expect(unproven).toEqual([]);
  });
});
