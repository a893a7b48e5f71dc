/** Citations: the kernel logs, files and links that code, tests and documents name. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
export const LOG_FOLDER = "docs/kernel-logs";
const LOG_FILE = /^(?<name>.+)\.log\.gz$/;

/** What may cite; a folder, or one file. */
const CITING = ["README.md", "bench", "docs", "etc", "scripts", "sim", "src", "test"];
const TEXT_FILE = /\.(?:c|conf|cts|js|json|md|patch|py|ts|yaml)$/;
/** Its examples lead nowhere on purpose. */
const NOT_CITING = "test/unit/docs/citations.test.ts";

export interface TextFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** A kernel log that is cited by name, and what is quoted from it. */
interface LogCitation {
  readonly log: string;
  readonly quotes: readonly string[];
}

/** The bytes of each shipped log as they are in the repository, by name: `6.12-cloud.s4`. */
export function packedLogs(): ReadonlyMap<string, Uint8Array> {
  const names = readdirSync(join(ROOT, LOG_FOLDER)).flatMap((file) => LOG_FILE.exec(file)?.groups?.["name"] ?? []);
  return new Map(names.sort().map((name) => [name, readFileSync(join(ROOT, LOG_FOLDER, `${name}.log.gz`))]));
}

/** The text of each shipped log, by name. */
export function shippedLogs(): ReadonlyMap<string, string> {
  return new Map([...packedLogs()].map(([name, bytes]) => [name, gunzipSync(bytes).toString("latin1")]));
}

/** A file of the repository. */
export function repositoryFile(path: string): TextFile {
  return { path, text: readFileSync(join(ROOT, path), "utf8") };
}

/** Every file that may cite. */
export function citingFiles(): readonly TextFile[] {
  const inside = (folder: string): readonly string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));
  return CITING.flatMap((path) => (TEXT_FILE.test(path) ? [path] : inside(path)))
    .filter((path) => TEXT_FILE.test(path) && path !== NOT_CITING)
    .sort()
    .map(repositoryFile);
}

/** One line: without what starts the lines of a comment, so that a citation may go over a line's end. */
function joined(text: string): string {
  return text.replace(/\n[+\- \t]*(?:\*(?!\/)|\/\/|#)?[ \t]*/g, " ");
}

const NAME = String.raw`\b\d+\.\d+(?:-[a-z0-9]+)*\.s\d+(?:-[a-z]+)*\b`;
const QUOTE = '"[^"]+"|`[^`]+`';
const CITATION = new RegExp(
  String.raw`(?<log>${NAME})(?:\.log(?:: (?<quotes>(?:${QUOTE})(?:(?:,| and) (?:${QUOTE}))*))?)?`,
  "g",
);

/** Every citation of a kernel log: its name, with or without `.log`, and the quotes after `: `. */
export function logCitations(text: string): readonly LogCitation[] {
  return [...joined(text).matchAll(CITATION)].map(({ groups = {} }) => ({
    log: groups["log"] ?? "",
    quotes: (groups["quotes"]?.match(new RegExp(QUOTE, "g")) ?? []).map((quote) => quote.slice(1, -1)),
  }));
}

/** Parentheses that name a scenario, but no kernel: such a citation names no log. */
export function shortCitations(text: string): readonly string[] {
  return joined(text).match(/\((?:[^()]*[^\w.()/`-])?s[1-9](?:-[a-z]+)?(?![\w(.])[^()]*\)/g) ?? [];
}

function commentsOf({ path, text }: TextFile): string {
  if (path.endsWith(".md")) return text.replace(/^```[^]*?^```/gm, "");
  return (text.match(/^\s*(?:\/?\*|\/\/|#).*|\s\/\/\s.*/gm) ?? []).join("\n");
}

/** Files of the repository that comments or prose name from its root. Patterns with `*` do not count. */
export function citedPaths(file: TextFile): readonly string[] {
  const found = commentsOf(file).matchAll(/(?<![\w./-])(?:bench|docs|etc|scripts|sim|src|test)\/[\w./*-]*[\w*]/g);
  return [...found].map(([path]) => path).filter((path) => !path.includes("*"));
}

/** Links of a document to files, from the root of the repository. */
export function linkedPaths({ path, text }: TextFile): readonly string[] {
  if (!path.endsWith(".md")) return [];
  const targets = [...text.matchAll(/\]\((?<target>[^)#\s]+)[^)]*\)/g)].map(({ groups }) => groups?.["target"] ?? "");
  return targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => join(dirname(path), target));
}

export function existsInRepository(path: string): boolean {
  return !path.startsWith("..") && existsSync(join(ROOT, path));
}
