/** ESLint on the programs of the type check, with a memory of what was clean. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ESLint } from "eslint";
import ts from "typescript";
import { digestOf } from "./types.js";

/** @typedef {import("./types.js").Programs} Programs */

/** What a verdict depends on besides the file and what it imports. */
const COMMON = [
  "eslint.config.js",
  "scripts/stilted-phrases.js",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.core.json",
];

/**
 * Digests of files, each over its text and the texts of all that it imports, directly or not: typed rules look there.
 *
 * @param {string} root
 * @param {Programs} programs
 */
function digests(root, programs) {
  const common = [process.version, ts.version, ...COMMON.map((file) => readFileSync(join(root, file), "utf8"))];
  /** @type {Map<string, string>} */
  const texts = new Map();
  /** @param {string} file */
  const ofText = (file) => {
    const known =
      texts.get(file) ?? digestOf(programs.programOf(file)?.getSourceFile(file)?.text ?? readFileSync(file, "utf8"));
    texts.set(file, known);
    return known;
  };
  const start = digestOf(common.join("\0"));
  /** @param {string} file */
  return (file) => {
    const program = programs.programOf(file);
    const source = program?.getSourceFile(file);
    const imported = program === undefined || source === undefined ? [] : program.getAllDependencies(source);
    return digestOf([start, ofText(file), ...[...imported].sort().map(ofText)].join("\n"));
  };
}

/** Digests of what was clean, by file. */
class Memory {
  /** @type {Record<string, string>} */
  #clean = {};
  #path;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
    try {
      this.#clean = JSON.parse(readFileSync(path, "utf8"));
    } catch {
      // The first run, or a file cut short: all is to be linted.
    }
  }

  /** @param {string} file @param {string} digest */
  holds(file, digest) {
    return this.#clean[file] === digest;
  }

  /** Adds what is clean. A file that is not any more has another digest. @param {ReadonlyMap<string, string>} clean */
  save(clean) {
    for (const [file, digest] of clean) this.#clean[file] = digest;
    mkdirSync(dirname(this.#path), { recursive: true });
    const making = `${this.#path}.${String(process.pid)}`;
    writeFileSync(making, JSON.stringify(this.#clean));
    renameSync(making, this.#path);
  }
}

/**
 * Lints each file with the program that judges its types, which holds most of the answers already.
 *
 * @param {string} root
 * @param {readonly string[]} files From the root.
 * @param {Programs} programs
 * @returns {Promise<ESLint.LintResult[]>}
 */
async function lintWith(root, files, programs) {
  /** @type {Map<ReturnType<Programs["programOf"]>, string[]>} */
  const groups = new Map();
  for (const file of files) {
    const program = programs.programOf(join(root, file));
    groups.set(program, [...(groups.get(program) ?? []), file]);
  }
  /** @type {ESLint.LintResult[]} */
  const results = [];
  for (const [program, group] of groups) {
    const parserOptions = { projectService: false, programs: [program?.getProgram()] };
    const typed = { files: ["{src,test,bench}/**/*.{ts,cts}"], languageOptions: { parserOptions } };
    const eslint = new ESLint({ cwd: root, overrideConfig: program === undefined ? [] : [typed] });
    results.push(...(await eslint.lintFiles(group)));
  }
  return results;
}

/** @param {string} root @param {readonly ESLint.LintResult[]} results */
async function format(root, results) {
  if (results.length === 0) return "";
  const formatter = await new ESLint({ cwd: root }).loadFormatter();
  return formatter.format([...results]);
}

/**
 * Lints what is not remembered as clean.
 *
 * @param {string} root
 * @param {readonly string[]} files From the root.
 * @param {Programs} programs
 * @returns {Promise<string>} Problems as text; empty where there are none.
 */
export async function lint(root, files, programs) {
  const eslint = new ESLint({ cwd: root });
  const memory = new Memory(join(root, "node_modules/.cache/stas/lint.json"));
  const digestOfFile = digests(root, programs);
  /** @type {Map<string, string>} */
  const clean = new Map();
  /** @type {string[]} */
  const changed = [];
  for (const file of files) {
    if (await eslint.isPathIgnored(join(root, file))) continue;
    const digest = digestOfFile(join(root, file));
    clean.set(file, digest);
    if (!memory.holds(file, digest)) changed.push(file);
  }
  const bad = (await lintWith(root, changed, programs)).filter(({ messages }) => messages.length > 0);
  for (const { filePath } of bad) clean.delete(relative(root, filePath));
  memory.save(clean);
  return format(root, bad);
}
