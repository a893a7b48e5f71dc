/**
 * The INI dialect of Python's ConfigParser as nvme-stas configures it: only `=` separates name and value, names are
 * lower-cased, repeated options accumulate, an indented line continues the value above, `#` and `;` start comments only
 * on lines of their own, and there is no interpolation.
 */

/** The origin of a value: `blank` is an empty line inside a value, `bare` is a name without `=`. */
export type IniOrigin = "option" | "bare" | "continuation" | "blank";

export interface IniValue {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  readonly from: IniOrigin;
}

export interface IniSection {
  /** Line of its first header. */
  readonly line: number;
  /** By lower-case name, in order of first appearance; never an empty list. */
  readonly options: ReadonlyMap<string, readonly IniValue[]>;
}

export type IniSections = ReadonlyMap<string, IniSection>;

export type IniResult =
  | { readonly ok: true; readonly sections: IniSections }
  | {
      readonly ok: false;
      /** 1-based. */
      readonly line: number;
      /** A phrase that holds no text from the file. */
      readonly problem: string;
    };

/** The characters of Python's `str.isspace`, which are more than those of JavaScript's `trim`. */
function isSpace(code: number): boolean {
  if (code <= 0x20) return (code >= 0x09 && code <= 0x0d) || code >= 0x1c;
  if (code < 0x85) return false;
  return (
    code === 0x85 ||
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}

/** The length of the leading white space. Not a pattern: a pattern for trailing space is quadratic on hostile lines. */
function indentOf(line: string): number {
  let start = 0;
  while (start < line.length && isSpace(line.charCodeAt(start))) start++;
  return start;
}

function strip(text: string): string {
  const start = indentOf(text);
  let end = text.length;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

interface OpenSection {
  readonly line: number;
  readonly options: Map<string, IniValue[]>;
}

/** Blank lines after the last value are not part of it. */
function dropTrailingBlanks(values: IniValue[]): void {
  while (values.length > 0 && values[values.length - 1]?.from === "blank") values.pop();
}

class Reader {
  readonly #sections = new Map<string, OpenSection>();
  #section: OpenSection | undefined;
  /** The values of the option that a continuation line continues. */
  #open: IniValue[] | undefined;
  #indent = 0;

  /** @returns what is wrong with the line */
  line(raw: string, line: number): string | undefined {
    const text = strip(raw);
    if (text === "") {
      this.#open?.push({ text, line, from: "blank" });
      return undefined;
    }
    if (text.startsWith("#") || text.startsWith(";")) return undefined;
    const indent = indentOf(raw);
    if (this.#open !== undefined && indent > this.#indent) {
      this.#open.push({ text, line, from: "continuation" });
      return undefined;
    }
    this.#indent = indent;
    return text.startsWith("[") && this.#header(text, line) ? undefined : this.#option(text, line);
  }

  /** The last `]` of the line ends the name. The rest is ignored. */
  #header(text: string, line: number): boolean {
    const end = text.lastIndexOf("]");
    if (end < 2) return false;
    const name = text.slice(1, end);
    const section = this.#sections.get(name) ?? { line, options: new Map<string, IniValue[]>() };
    this.#sections.set(name, section);
    this.#section = section;
    this.#open = undefined;
    return true;
  }

  #option(text: string, line: number): string | undefined {
    if (this.#section === undefined) return "it comes before the first [section]";
    const equals = text.indexOf("=");
    const name = strip(equals < 0 ? text : text.slice(0, equals)).toLowerCase();
    if (name === "") return "it has no name before the =";
    const values = this.#section.options.get(name) ?? [];
    this.#section.options.set(name, values);
    values.push(
      equals < 0 ? { text: "", line, from: "bare" } : { text: strip(text.slice(equals + 1)), line, from: "option" },
    );
    this.#open = values;
    return undefined;
  }

  finish(): IniSections {
    for (const section of this.#sections.values())
      for (const values of section.options.values()) dropTrailingBlanks(values);
    return this.#sections;
  }
}

/** Parses a file. Never throws. The first line that the dialect does not allow invalidates the whole file. */
export function parseIni(text: string): IniResult {
  const reader = new Reader();
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  for (let i = 0; i < lines.length; i++) {
    const problem = reader.line(lines[i] ?? "", i + 1);
    if (problem !== undefined) return { ok: false, line: i + 1, problem };
  }
  return { ok: true, sections: reader.finish() };
}
