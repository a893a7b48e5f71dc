import { Linter } from "eslint";
import { describe, expect, test } from "vitest";
import { findStilted, plainWords, STILTED } from "../../../scripts/stilted-phrases.js";

const phrases = (text: string): readonly string[] => findStilted(text).map(({ found }) => found);

/** A text with each phrase, and what is found there. */
const EXAMPLES: readonly (readonly [string, string])[] = [
  ["starts anew", "anew"],
  ["Whoever asks gets it", "Whoever"],
  ["nobody is to take it up", "nobody is to"],
  ["the NQN is none", "is none"],
  ["both are none", "are none"],
  ["a record is one that was saved", "is one that"],
  ["it ends of its own accord", "of its own accord"],
  ["forgets what is gone", "what is gone"],
  ["reads what was kept", "what was kept"],
  ["what was taken for a disk", "what was taken"],
  ["a device on its way out", "on its way out"],
  ["the page is to be read", "is to be read"],
  ["drops it without a word", "without a word"],
  ["the log says so already", "says so already"],
  ["ere it ends", "ere"],
  ["a copy thereof", "thereof"],
  ["whereupon it ends", "whereupon"],
];

describe("stilted phrases", () => {
  test.each(EXAMPLES)("%s", (text, found) => {
    expect(phrases(text)).toEqual([found]);
  });

  test("all have an example here", () => {
    const met = EXAMPLES.flatMap(([text]) => findStilted(text).map(({ instead }) => instead));
    expect(new Set(met)).toEqual(new Set(STILTED.map(({ instead }) => instead)));
  });

  test.each([
    ["part of a word", "where renewal was here; canew; thereofx"],
    ["where there is none", "undefined where there is none, or there are none"],
    ["the plain words", "starts again, must not, is not a valid NQN, by itself, the deleted device, silently, before"],
  ])("are not %s", (_what, text) => {
    expect(phrases(text)).toEqual([]);
  });

  test.each([
    ["a block comment", "/**\n * reads what\n * was kept\n */", 2, 10],
    ["line comments", "x();\n// reads what was\n// kept", 2, 10],
    ["YAML comments", "# reads what was\n# kept", 1, 9],
    ["prose", "reads what was\nkept", 1, 7],
  ])("are found across the lines of %s, at their first word", (_what, text, line, column) => {
    expect(findStilted(text)).toMatchObject([{ line, column, found: "what was kept" }]);
  });

  test("are found in order, each with what to say instead", () => {
    expect(findStilted("whoever\nanew and anew")).toEqual([
      { line: 1, column: 1, found: "whoever", instead: "anyone who, the caller" },
      { line: 2, column: 1, found: "anew", instead: "again" },
      { line: 2, column: 10, found: "anew", instead: "again" },
    ]);
  });

  test("are reported by the lint rule, in comments and strings", () => {
    const messages = new Linter().verify('// starts anew\nf("whoever");\n', {
      plugins: { words: { rules: { plain: plainWords } } },
      rules: { "words/plain": "error" },
    });
    expect(messages.map(({ line, column, message }) => [line, column, message])).toEqual([
      [1, 11, '"anew" reads as if translated. Plain: again.'],
      [2, 4, '"whoever" reads as if translated. Plain: anyone who, the caller.'],
    ]);
  });
});
