/** The reference of the scenario language: the text of docs/scenario-reference.md. */
import { CONDITIONS } from "./conditions/index.js";
import { COUNTS } from "./counts/index.js";
import { EXPECTATIONS } from "./expectations/index.js";
import { type KeyNote, keysOf, type Part } from "./part.js";
import { scenario } from "./scenario.js";
import { STEPS } from "./steps/index.js";
import { step } from "./timeline.js";
import { TRIGGERS } from "./triggers/index.js";
import type { Word } from "./word.js";
import { WORLD } from "./world/index.js";

const INTRODUCTION = `# The words of a scenario

\`npm run schema\` makes this page from the words in \`src/harness/vocabulary\`.
[scenarios.md](scenarios.md) shows how words make a scenario.

A name after a key, such as \`duration\`, names a word, a section, or one of the
[values](#values) at the end.`;

/** Longest line, in characters; a longer word stands alone. People read the page in terminals too. */
const WIDTH = 100;

/** Headings of the parts that have their own section, by the part's name. */
const SECTIONS: ReadonlyMap<string, string> = new Map([
  ["step", "Steps"],
  ["event", "Events"],
  ["expectation", "Expectations"],
  ["counted", "Counts"],
  ["condition", "Conditions"],
]);

/** The whole page. */
export function referenceText(): string {
  const stepKeys = keysOf(step).filter(({ presence }) => presence !== "alternative");
  const sections = [
    section("The file", "What a scenario file holds.", [list(keyLines(keysOf(scenario), 0))]),
    section(
      "The world",
      "What a scenario begins with. Each word names its place in the file.",
      WORLD.map((word) => wordText(word, `${word.describe} Place: ${word.place}.`)),
    ),
    section(
      "Steps",
      "A step of the `timeline` has these keys, and exactly one of the words below. Each word names its target.",
      [list(keyLines(stepKeys, 0)), ...STEPS.map((word) => wordText(word, `${word.describe} Target: ${word.target}.`))],
    ),
    section("Events", "What a step can wait for, under `when`. The step happens once.", TRIGGERS.map(wordTextOf)),
    section("Expectations", "What the list `expect` holds.", EXPECTATIONS.map(wordTextOf)),
    section("Counts", "What the expectation `count` can count.", COUNTS.map(wordTextOf)),
    section("Conditions", "What the expectation `never` can have under `while`.", CONDITIONS.map(wordTextOf)),
    section("Values", "Spellings that many keys share.", [list(valueLines())]),
  ];
  return `${[INTRODUCTION, ...sections].join("\n\n")}\n`;
}

function section(heading: string, introduction: string, blocks: readonly string[]): string {
  return [`## ${heading}`, list(folded(introduction, "", "")), ...blocks].join("\n\n");
}

function wordTextOf(word: Word): string {
  return wordText(word, word.describe);
}

function wordText({ key, example, part }: Word, meaning: string): string {
  // If another word describes the same content, refers to that word.
  const inside = part.title === undefined || part.title.id === key ? insideLines(part) : valueItem("", part, "", 0);
  return [`### ${key}`, list(folded(meaning, "", "")), `\`\`\`yaml\n${example}\n\`\`\``, list(inside)].join("\n\n");
}

function list(lines: readonly string[]): string {
  return lines.join("\n");
}

/** The content of a part that has its own heading. */
function insideLines(part: Part<unknown>): string[] {
  switch (part.form.kind) {
    case "record":
      return keyLines(part.form.keys, 0);
    case "either":
      return part.form.alternatives.flatMap((alternative) => valueItem("", alternative, "", 0));
    case "scalar":
    case "list":
    case "map":
      return valueItem("", part, "", 0);
  }
}

function keyLines(keys: readonly KeyNote[], depth: number): string[] {
  const alternatives = keys.filter(({ presence }) => presence === "alternative");
  return keys.flatMap((note) => {
    if (note.presence !== "alternative") return keyItem(note, depth);
    if (note !== alternatives[0]) return [];
    return [...item("exactly one of:", depth), ...alternatives.flatMap((one) => keyItem(one, depth + 1))];
  });
}

function keyItem({ key, part, presence, usual, note }: KeyNote, depth: number): string[] {
  const spelt = presence === "usual" ? spell(usual) : "";
  const absence = presence === "optional" || ["[]", "{}"].includes(spelt) ? " (may be absent)" : "";
  const brackets = spelt === "" || absence !== "" ? absence : ` (usual: \`${spelt}\`)`;
  return valueItem(`\`${key}\`${brackets}: `, part, note, depth);
}

/** A value as YAML. Quotes texts that YAML would read as a number or as nothing. */
function spell(value: unknown): string {
  return typeof value === "string" && Number.isNaN(Number(value)) ? value : JSON.stringify(value);
}

/** An item that describes a part, with items below it if that takes more than a few words. */
function valueItem(before: string, part: Part<unknown>, note: string, depth: number): string[] {
  const { text, below } = inWords(part);
  const end = note === "" ? "" : `. ${note}`;
  const nested = below.flatMap((one) =>
    one.form.kind === "record" ? keyLines(one.form.keys, depth + 1) : valueItem("", one, "", depth + 1),
  );
  const colon = below.length > 0 && note === "" ? ":" : "";
  return [...item(`${before}${text}${end}${colon}`, depth), ...nested];
}

interface Words {
  readonly text: string;
  readonly below: readonly Part<unknown>[];
}

/** A part in a few words, and the parts that these words leave out. */
function inWords(part: Part<unknown>): Words {
  const { form, title, expected } = part;
  if (title !== undefined) return { text: `\`${title.id}\``, below: [] };
  switch (form.kind) {
    case "scalar":
      return { text: expected, below: [] };
    case "list":
      return within(expected, form.element);
    case "map":
      return within(expected, form.value);
    case "record":
      return { text: "a record", below: [part] };
    case "either": {
      const [alone, several] = form.alternatives;
      const isOneOrMore = several?.form.kind === "list" && several.form.element.title === alone?.title;
      if (isOneOrMore && alone?.title !== undefined)
        return { text: `\`${alone.title.id}\`, or a list of them`, below: [] };
      const plain = form.alternatives.every((one) => one.form.kind === "scalar" || one.form.kind === "list");
      return plain ? { text: expected, below: [] } : { text: "one of these", below: form.alternatives };
    }
  }
}

function within(expected: string, element: Part<unknown>): Words {
  const { text, below } = inWords(element);
  if (element.title !== undefined) return { text: `${expected}: ${text}`, below };
  return below.length === 0 ? { text: expected, below } : { text: `${expected}, each of them ${text}`, below };
}

/** One item of a list, broken into lines. */
function item(text: string, depth: number): string[] {
  const indent = "  ".repeat(depth);
  return folded(text, `${indent}- `, `${indent}  `);
}

function folded(text: string, first: string, next: string): string[] {
  const lines: string[] = [];
  let line = first;
  let begun = false;
  for (const word of text.split(" ")) {
    if (begun && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${next}${word}`;
    } else line += begun ? ` ${word}` : word;
    begun = true;
  }
  return [...lines, line];
}

/** Named parts without their own heading. */
function valueLines(): string[] {
  const headings = new Set<string>([...WORLD.map(({ key }) => key), ...SECTIONS.keys()]);
  const found = new Map<string, string>();
  collectTitles(scenario, found, new Set());
  const values = [...found].filter(([id]) => !headings.has(id)).sort(([a], [b]) => (a < b ? -1 : 1));
  return values.flatMap(([id, description]) => item(`\`${id}\`: ${description}`, 0));
}

function collectTitles(part: Part<unknown>, into: Map<string, string>, seen: Set<Part<unknown>>): void {
  if (seen.has(part)) return;
  seen.add(part);
  if (part.title !== undefined) into.set(part.title.id, `${part.expected}. ${part.title.description}`);
  for (const inner of innerParts(part)) collectTitles(inner, into, seen);
}

function innerParts({ form }: Part<unknown>): readonly Part<unknown>[] {
  switch (form.kind) {
    case "scalar":
      return [];
    case "list":
      return [form.element];
    case "map":
      return [form.value];
    case "record":
      return form.keys.map(({ part }) => part);
    case "either":
      return form.alternatives;
  }
}
