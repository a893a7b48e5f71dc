/** Reads YAML as a plain value, with the place of everything in it. */
import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
} from "yaml";

/** A scenario of 10,000 plain records has about 2 MB. */
export const FILE_CHARACTERS_MAX = 8 * 1024 * 1024;
/** Deeper than any scenario; stops an alias that holds itself. */
export const DEPTH_MAX = 32;
/** A level is at most three tokens deep: a collection, its item, a scalar with its properties. */
const TOKENS_NESTED_MAX = 4 * DEPTH_MAX;
/** A file needs few anchors: one or two repeated records. */
export const ALIASES_MAX = 100;
/** Counts values after aliases are replaced: aliases of aliases multiply. */
export const NODES_MAX = 1_000_000;
/** A longer list helps nobody. */
export const PROBLEMS_MAX = 50;

const FOUND_CHARACTERS_MAX = 60;

export type Path = readonly (string | number)[];

/** Where a problem points: at a value or at its key. */
export type Point = "value" | "key";

/** One problem in a scenario file. */
export interface Problem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** `timeline[2].at`; empty if it concerns the whole file. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

type YamlNode = Node | null | undefined;

/** Prints a path for a person: `timeline[2].remove-device`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z0-9_-]+$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** Describes a value of a file in a few words. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") {
    const keys = Object.keys(value);
    return cut(keys.length === 0 ? "an empty record" : `a record with ${keys.join(", ")}`);
  }
  return cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length <= FOUND_CHARACTERS_MAX ? text : `${text.slice(0, FOUND_CHARACTERS_MAX)}...`;
}

/** Reads one file and collects its problems, each with its place. */
export class Source {
  readonly file: string;
  readonly #problems: Problem[] = [];
  readonly #lines = new LineCounter();
  #document: Document.Parsed | undefined;
  readonly #anchors = new Map<string, Node>();
  readonly #targets = new Map<Alias, Node>();
  #nodes = 0;
  #aliases = 0;
  #stopped = false;

  constructor(file: string) {
    this.file = file;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Reads the text. Returns `undefined` if it is not valid; `problems` says why. */
  read(text: string): Value | undefined {
    if (text.length > FILE_CHARACTERS_MAX) {
      this.#push(0, [], `a file of at most ${FILE_CHARACTERS_MAX} characters`, `${text.length} characters`);
      return undefined;
    }
    const document = this.#parse(text);
    if (document === undefined) return undefined;
    this.#document = document;
    for (const fault of [...document.errors, ...document.warnings]) {
      this.#push(fault.pos[0], [], "valid YAML 1.2 of plain values", fault.message);
    }
    if (this.#problems.length > 0) return undefined;
    const value = this.#convert(document.contents, []);
    return this.#problems.length > 0 ? undefined : value;
  }

  /**
   * The library's composer recurses, and a stack overflow cannot be caught reliably (the engine aborts if it
   * compiles a regular expression there). Its tokeniser does not recurse, so the depth is bounded there first.
   */
  #parse(text: string): Document.Parsed | undefined {
    const composer = new Composer({
      // The library's own check is quadratic in the number of keys. Ours is below.
      uniqueKeys: false,
      logLevel: "error",
    });
    const tokens: CST.Token[] = [];
    const parser = new Parser(this.#lines.addNewLine);
    this.#lines.addNewLine(0);
    for (const lexeme of new Lexer().lex(text)) {
      for (const token of parser.next(lexeme)) tokens.push(token);
      if (parser.stack.length > TOKENS_NESTED_MAX) {
        this.#tooDeep();
        return undefined;
      }
    }
    for (const token of parser.end()) tokens.push(token);
    const [document, second] = composer.compose(tokens, true, text.length);
    if (second !== undefined) this.#push(second.range[0], [], "one YAML document", "a second one");
    return document;
  }

  #tooDeep(): void {
    this.#push(0, [], `values nested at most ${DEPTH_MAX} deep`, "a text nested much deeper");
  }

  /** Whether the list of problems is full. */
  get full(): boolean {
    return this.#problems.length >= PROBLEMS_MAX;
  }

  /** Adds a problem with the value at a path, with its absence, or with the key that ends the path. */
  add(path: Path, expected: string, point: Point = "value"): void {
    const found = point === "key" ? path.at(-1) : this.#valueAt(path);
    this.#push(this.#offset(path, point), path, expected, describe(found));
  }

  /** 1-based line of the value at a path. */
  line(path: Path): number {
    return this.#position(this.#offset(path, "value")).line;
  }

  #position(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset);
    // An empty text has no first line.
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #push(offset: number, path: Path, expected: string, found: string): void {
    if (this.full) return;
    const { line, column } = this.#position(offset);
    this.#problems.push({ file: this.file, line, column, path: formatPath(path), expected, found });
  }

  #resolve(node: YamlNode): YamlNode {
    return isAlias(node) ? this.#targets.get(node) : node;
  }

  /** Where the value at a path begins, or else the record that lacks it. */
  #offset(path: Path, part: Point): number {
    let node: YamlNode = this.#document?.contents;
    let offset = node?.range?.[0] ?? 0;
    for (const [index, name] of path.entries()) {
      node = this.#resolve(node);
      if (isMap<Node, Node | null>(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && key.value === name);
        if (pair === undefined) return offset;
        const wantsKey = index === path.length - 1 && part === "key";
        offset = (wantsKey ? undefined : pair.value?.range?.[0]) ?? pair.key.range?.[0] ?? offset;
        node = pair.value;
      } else if (isSeq<Node>(node) && typeof name === "number") {
        node = node.items[name];
        offset = node?.range?.[0] ?? offset;
      } else return offset;
    }
    return offset;
  }

  #valueAt(path: Path): unknown {
    let node: YamlNode = this.#document?.contents;
    for (const name of path) {
      node = this.#resolve(node);
      if (isMap<Node, Node | null>(node)) {
        node = node.items.find(({ key }) => isScalar(key) && key.value === name)?.value;
      } else node = isSeq<Node>(node) && typeof name === "number" ? node.items[name] : undefined;
    }
    node = this.#resolve(node);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return Array.from(node.items);
    if (!isMap(node)) return node;
    return Object.fromEntries(node.items.map(({ key }) => [isScalar(key) ? String(key.value) : "?", true]));
  }

  #convert(given: YamlNode, path: Path): Value {
    if (!this.#withinBounds(given, path)) return null;
    if (isAlias(given)) return this.#convertAlias(given, path);
    const node = given;
    if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (node === null || node === undefined) return null;
    if (isSeq<Node>(node)) return node.items.map((item, index) => this.#convert(item, [...path, index]));
    if (isMap<Node, Node | null>(node)) return this.#convertMap(node.items, path);
    const value = isScalar(node) ? node.value : undefined;
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return value;
    }
    this.#push(
      given?.range?.[0] ?? 0,
      path,
      "text, a number, true, false, a list or a record",
      "a value of another type",
    );
    return null;
  }

  #convertAlias(alias: Alias, path: Path): Value {
    const target = this.#anchors.get(alias.source);
    if (target !== undefined) {
      this.#targets.set(alias, target);
      return this.#convert(target, path);
    }
    this.#stopped = true;
    this.#push(alias.range?.[0] ?? 0, path, "an alias of an anchor above", `*${alias.source}`);
    return null;
  }

  #convertMap(items: readonly Pair<Node, Node | null>[], path: Path): Value {
    const seen = new Set<string>();
    const entries: [string, Value][] = [];
    for (const { key, value } of items) {
      const name = isScalar(key) ? key.value : undefined;
      const offset = key.range?.[0] ?? 0;
      if (typeof name !== "string" || name === "__proto__") {
        this.#push(offset, path, "a key that is text", isScalar(key) ? describe(name) : "a key of another type");
      } else if (seen.has(name)) {
        this.#push(offset, [...path, name], "each key once", `a second ${describe(name)}`);
      } else {
        seen.add(name);
        entries.push([name, this.#convert(value, [...path, name])]);
      }
    }
    return Object.fromEntries(entries);
  }

  /** Counts a value. Returns false once a bound is exceeded: then nothing more is read. */
  #withinBounds(given: YamlNode, path: Path): boolean {
    if (this.#stopped) return false;
    this.#nodes++;
    if (isAlias(given)) this.#aliases++;
    const passed =
      this.#nodes > NODES_MAX
        ? `at most ${NODES_MAX} values`
        : this.#aliases > ALIASES_MAX
          ? `at most ${ALIASES_MAX} aliases`
          : path.length > DEPTH_MAX
            ? `values nested at most ${DEPTH_MAX} deep`
            : undefined;
    if (passed === undefined) return true;
    this.#stopped = true;
    this.#push(given?.range?.[0] ?? 0, path, passed, "more");
    return false;
  }
}
