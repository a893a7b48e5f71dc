import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { follow } from "../../lab/host/follow.js";

const folder = mkdtempSync(join(tmpdir(), "stas-follow-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a file is followed to its end in whole lines, however it was written", () => {
  const file = join(folder, "results");
  const lines: string[] = [];
  const end = follow(file, (line) => lines.push(line));
  const long = "ö".repeat(1_500_000);
  appendFileSync(file, "one\ntw");
  appendFileSync(file, `o\n${long}\nnot whole`);
  end();
  expect(lines.map((line) => line.slice(0, 5))).toEqual(["one", "two", "ööööö"]);
  expect(lines[2]).toBe(long);
});
