/** Phrases that read as if translated, what to say instead, and the lint rule that reports them. */

/**
 * A phrase in lower case: a space stands for any white space, also across the lines of a comment; `a|b` for either; a
 * phrase in `not` excuses the place where it stands.
 *
 * @typedef {{ phrase: string, not?: string, instead: string }} Stilted
 */

/** @type {readonly Stilted[]} */
export const STILTED = [
  { phrase: "anew", instead: "again" },
  { phrase: "whoever", instead: "anyone who, the caller" },
  { phrase: "nobody is to", instead: "must not" },
  { phrase: "(is|are) none", not: "there (is|are) none", instead: "is not a valid ..." },
  { phrase: "is one that", instead: "say what it does" },
  { phrase: "of its own accord", instead: "by itself" },
  { phrase: "what (is|was) (gone|kept|taken)", instead: "name the thing: the deleted device" },
  { phrase: "on its way out", instead: "is being removed" },
  { phrase: "is to be (made|read|taken)", instead: "must be, or who does it" },
  { phrase: "without a word", instead: "silently" },
  { phrase: "says so already", instead: "already says so" },
  { phrase: "ere", instead: "before" },
  { phrase: "thereof", instead: "of it" },
  { phrase: "whereupon", instead: "and then" },
];

/** White space between two words: also a line's end with the next line's comment mark. */
const GAP = String.raw`(?:[ \t]|\r?\n[ \t]*(?:\*|//|#|>|\+)?)+`;

/** @param {string} phrase */
function patternOf(phrase) {
  return phrase.replaceAll("(", "(?:").replaceAll(" ", GAP);
}

const PATTERNS = STILTED.map(({ phrase, not, instead }) => ({
  instead,
  // What is excused is taken first, so that nothing in it is found.
  pattern: new RegExp(
    String.raw`${not === undefined ? "" : String.raw`\b${patternOf(not)}\b|`}\b(?<found>${patternOf(phrase)})\b`,
    "gi",
  ),
}));

/** @typedef {{ line: number, column: number, found: string, instead: string }} Finding Line and column from 1. */

/** Every stilted phrase in a text, in order. @param {string} text @returns {Finding[]} */
export function findStilted(text) {
  return PATTERNS.flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].flatMap(({ index, groups }) => {
      const found = groups?.["found"];
      if (found === undefined) return [];
      const before = text.slice(0, index);
      const line = before.split("\n").length;
      return [
        { line, column: index - before.lastIndexOf("\n"), found: found.replace(new RegExp(GAP, "g"), " "), instead },
      ];
    }),
  ).sort((a, b) => a.line - b.line || a.column - b.column);
}

/** The lint rule: comments, strings and names alike. @type {import("eslint").Rule.RuleModule} */
export const plainWords = {
  meta: {
    type: "suggestion",
    messages: { stilted: '"{{found}}" reads as if translated. Plain: {{instead}}.' },
    schema: [],
  },
  create: (context) => ({
    Program() {
      for (const { line, column, found, instead } of findStilted(context.sourceCode.text))
        context.report({ loc: { line, column: column - 1 }, messageId: "stilted", data: { found, instead } });
    },
  }),
};
