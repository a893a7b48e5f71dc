/** What code, tests and documents cite is in the project: kernel logs, files, links. */
import { describe, expect, test } from "vitest";
import {
  citedPaths,
  citingFiles,
  existsInRepository,
  linkedPaths,
  LOG_FOLDER,
  logCitations,
  packedLogs,
  repositoryFile,
  shippedLogs,
  shortCitations,
  type TextFile,
} from "./citations.js";

/** Example paths in comments. */
const EXAMPLES = ["src/x.ts", "src/core/x.ts"];

function unresolvedLogs({ path, text }: TextFile, logs: ReadonlyMap<string, string>): readonly string[] {
  return logCitations(text).flatMap(({ log, quotes }) => {
    const content = logs.get(log);
    if (content === undefined) return [`${path}: ${log}`];
    return quotes.filter((quote) => !content.includes(quote)).map((quote) => `${path}: ${log} has no ${quote}`);
  });
}

function unresolvedPaths(file: TextFile): readonly string[] {
  const paths = [...citedPaths(file), ...linkedPaths(file)];
  return paths
    .filter((path) => !EXAMPLES.includes(path) && !existsInRepository(path))
    .map((path) => `${file.path}: ${path}`);
}

describe("kernel logs", () => {
  const logs = shippedLogs();

  test("every citation names a log that is shipped, and quotes what is in it", () => {
    const files = citingFiles();
    const cited = new Set(files.flatMap(({ text }) => logCitations(text)).map(({ log }) => log));
    expect(files.flatMap((file) => unresolvedLogs(file, logs))).toEqual([]);
    expect([...cited].sort()).toEqual([...logs.keys()].sort());
  });

  test("no citation leaves the kernel out", () => {
    const short = citingFiles().flatMap(({ path, text }) => shortCitations(text).map((found) => `${path}: ${found}`));
    expect(short).toEqual([]);
  });

  test("a log of each scenario of the README is there, and each scenario there is in the README", () => {
    const { text } = repositoryFile(`${LOG_FOLDER}/README.md`);
    const described = [...text.matchAll(/^- `(s\d[\w-]*)` /gm)].map(([, scenario = ""]) => scenario);
    const shipped = new Set([...logs.keys()].map((name) => name.split(".").at(-1) ?? ""));
    expect(described.sort()).toEqual([...shipped].sort());
  });

  test("every log ran to its end, on the kernel in its name", () => {
    for (const [name, text] of logs) {
      const kernel = /^LAB init-start uptime=\S+ (?<kernel>\S+)$/m.exec(text)?.groups?.["kernel"] ?? "";
      expect(`${kernel.split(".").slice(0, 2).join(".")}${kernel.includes("-cloud-") ? "-cloud" : ""}`, name).toBe(
        name.split(".").slice(0, 2).join("."),
      );
      expect(text.trimEnd().endsWith("LAB-EXIT:0"), name).toBe(true);
    }
  });

  test("the packed files hold neither a time nor a name: the same log gives the same bytes", () => {
    for (const [name, bytes] of packedLogs()) expect([...bytes.subarray(3, 8)], name).toEqual([0, 0, 0, 0, 0]);
  });
});

test("files and links that comments and documents name are there", () => {
  const files = citingFiles();
  expect(files.flatMap(citedPaths).length).toBeGreaterThan(50);
  expect(files.flatMap(linkedPaths).length).toBeGreaterThan(50);
  expect(files.flatMap(unresolvedPaths)).toEqual([]);
});

describe("the checks find", () => {
  const logs = new Map([["6.1.s1", "took 26 ms"]]);
  const inFile = (text: string, path = "src/a.ts"): TextFile => ({ path, text });

  test.each([
    ["an unknown log", "/** Fast (6.1-cloud.s1.log). */", ["src/a.ts: 6.1-cloud.s1"]],
    ["a log of a kernel that is named in another way", "// (6.1-amd64.s1.log)", ["src/a.ts: 6.1-amd64.s1"]],
    ["a quote that is not in the log", '// (6.1.s1.log: "took 27 ms")', ["src/a.ts: 6.1.s1 has no took 27 ms"]],
    [
      "each of two quotes",
      '// (6.1.s1.log: "took 26 ms" and `a`, `b`)',
      ["a", "b"].map((q) => `src/a.ts: 6.1.s1 has no ${q}`),
    ],
    [
      "a quote that goes over a line's end",
      '/**\n * (6.1.s1.log: "took\n * 27 ms").\n */',
      ["src/a.ts: 6.1.s1 has no took 27 ms"],
    ],
    ["nothing wrong with a true one", '/**\n * (6.1.s1.log: "took\n * 26 ms").\n */', []],
  ])("%s", (_, text, expected) => {
    expect(unresolvedLogs(inFile(text), logs)).toEqual(expected);
  });

  test.each([
    "(s3 logs)",
    "(6.12-cloud.s1.log, s4)",
    "(s4, case 8)",
    "(6.12, kernel log s3)",
    "(6.1.s7.log: 1 ms; s8: 2 ms)",
  ])("a scenario without its kernel: %s", (text) => {
    expect(shortCitations(`/** It takes long ${text}. */`)).toEqual([text]);
  });

  test("no scenario without its kernel in a full citation", () => {
    expect(shortCitations("// (6.12-cloud.s1.log, 6.12-cloud.s9-serialised.log)")).toEqual([]);
  });

  test("paths in comments and links of documents that lead nowhere", () => {
    expect(unresolvedPaths(inFile("/** As in src/core/none.ts. */\nconst path = 'src/no/code.ts';"))).toEqual([
      "src/a.ts: src/core/none.ts",
    ]);
    expect(
      unresolvedPaths(inFile("[one](lab.md) [two](../none.md) [three](https://example.org/a.md)", "docs/a.md")),
    ).toEqual(["docs/a.md: none.md"]);
    expect(unresolvedPaths(inFile("[out](../../shared/facts.md)", "docs/a.md"))).toEqual([
      "docs/a.md: ../shared/facts.md",
    ]);
  });
});
