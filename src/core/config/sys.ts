/** `/etc/stas/sys.conf`: the host's NQN, id, key and symbolic name, as literals or in files of their own. */
import { fitsOption } from "../codec/fabrics-options.js";
import { SYMNAME_BYTES_MAX } from "../codec/dim.js";
import { cutUtf8 } from "../domain/utf8.js";
import { fitsNqn, NQN_BYTES_MAX } from "../domain/nqn.js";
import { parseIni, type IniSections, type IniValue } from "./ini.js";
import { COMMENT_ADVICE, didYouMean, quote, showName, withoutComment } from "./reader.js";
import type { ConfigNote, Parsed, SysConfig } from "./types.js";

const SECTION = "Host";

/** The file that holds a value if sys.conf does not give one; empty: none. */
const DEFAULT_FILES = {
  nqn: "/etc/nvme/hostnqn",
  id: "/etc/nvme/hostid",
  key: "/etc/nvme/hostkey",
  symname: "",
} as const;

type HostOption = keyof typeof DEFAULT_FILES;

const FILE_URL = "file://";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads a whole file; `undefined` if it cannot be read. */
export type ReadFile = (path: string) => string | undefined;

/** A value, or the reason for its absence. `where` completes "the host NQN ...". */
type Found =
  | { readonly at: "found"; readonly text: string; readonly where: string }
  | {
      readonly at: "missing";
      readonly where: string;
      readonly line: number;
      readonly asked: "by-default" | "explicitly";
    };

class HostReader {
  readonly file: string;
  readonly notes: ConfigNote[] = [];
  readonly #sections: IniSections;
  readonly #readFile: ReadFile;

  constructor(file: string, sections: IniSections, readFile: ReadFile) {
    this.file = file;
    this.#sections = sections;
    this.#readFile = readFile;
  }

  #note(level: ConfigNote["level"], line: number, text: string): void {
    this.notes.push({ level, file: this.file, line, text });
  }

  checkNames(): void {
    for (const [name, section] of this.#sections) {
      if (name !== SECTION)
        this.#note("error", section.line, `unknown section${didYouMean(name, [SECTION])}: all of it is ignored`);
      else
        for (const [option, values] of section.options)
          if (!Object.hasOwn(DEFAULT_FILES, option))
            this.#note(
              "error",
              values[0]?.line ?? section.line,
              `unknown option (${showName(option)})${didYouMean(option, Object.keys(DEFAULT_FILES))}: it is ignored`,
            );
    }
  }

  #given(option: HostOption): IniValue | undefined {
    const values = this.#sections.get(SECTION)?.options.get(option) ?? [];
    return values.filter((value) => value.from !== "blank").at(-1);
  }

  /** A symbolic name may contain any character. No other value has a comment sign after white space. */
  #literal(option: HostOption, { text, line }: IniValue): string {
    const bare = withoutComment(text);
    if (bare === undefined) return text;
    const isName = option === "symname" && !text.startsWith(FILE_URL);
    const what = isName ? "is part of the name" : "is treated as a comment";
    this.#note("warning", line, `${option}: the text after # or ; ${what}; ${COMMENT_ADVICE}`);
    return isName ? text : bare;
  }

  /** A literal, or the first word of the first line of a file. */
  find(option: HostOption): Found {
    const given = this.#given(option);
    const byDefault = DEFAULT_FILES[option];
    const place = given === undefined ? "" : `${this.file} line ${String(given.line)}`;
    if (given !== undefined && !given.text.startsWith(FILE_URL)) {
      if (given.text !== "") return { at: "found", text: this.#literal(option, given), where: `in ${place}` };
      return { at: "missing", where: `has no value in ${place}`, line: given.line, asked: "explicitly" };
    }
    const path = given === undefined ? byDefault : this.#literal(option, given).slice(FILE_URL.length).trim();
    if (given !== undefined && path === "")
      return { at: "missing", where: `names no file in ${place}`, line: given.line, asked: "explicitly" };
    const text = path === "" ? undefined : this.#readFile(path);
    const word =
      text
        ?.split(/[\r\n]/, 1)[0]
        ?.trim()
        .split(/\s+/, 1)[0] ?? "";
    if (word !== "") return { at: "found", text: word, where: `in ${path}` };
    const problem = text === undefined ? "which cannot be read" : "whose first line is blank";
    const asked = given === undefined ? "by-default" : "explicitly";
    return { at: "missing", where: `should be in ${path}, ${problem}`, line: given?.line ?? 0, asked };
  }

  /** The symbolic name, truncated to what a registration can hold. */
  symname(): string | undefined {
    const name = this.optional("symname", "symbolic name");
    if (name === undefined) return undefined;
    const kept = cutUtf8(name, SYMNAME_BYTES_MAX);
    const line = this.#given("symname")?.line ?? 0;
    if (kept !== name)
      this.#note(
        "warning",
        line,
        `the symbolic name is longer than ${String(SYMNAME_BYTES_MAX)} bytes and is truncated`,
      );
    return kept;
  }

  /** An optional value. A missing value that was configured deserves a warning; a missing default file does not. */
  optional(option: "key" | "symname", what: string): string | undefined {
    const found = this.find(option);
    if (found.at === "found") return found.text;
    if (found.asked === "explicitly") this.#note("warning", found.line, `the ${what} ${found.where}; none is used`);
    return undefined;
  }
}

/** What is wrong with a host NQN; completes "the host NQN ...". */
function hostNqnProblem(nqn: string): string | undefined {
  if (!nqn.startsWith("nqn.")) return `is ${quote(nqn)}, which does not start with nqn.`;
  if (!fitsNqn(nqn)) return `is longer than ${String(NQN_BYTES_MAX)} bytes`;
  if (/\s/.test(nqn) || !fitsOption(nqn)) return "contains a comma or white space";
  return undefined;
}

function hostIdProblem(id: string): string | undefined {
  return UUID.test(id.toLowerCase()) ? undefined : `is ${quote(id)}, which is not a UUID`;
}

/** A mandatory value, or a sentence that says why it is missing. */
function mandatory(
  found: Found,
  what: string,
  problemOf: (text: string) => string | undefined,
): { readonly text: string } | { readonly because: string } {
  if (found.at === "missing") return { because: `the ${what} ${found.where}` };
  const problem = problemOf(found.text);
  return problem === undefined ? { text: found.text } : { because: `the ${what} ${found.where} ${problem}` };
}

/**
 * Parses sys.conf and reads the files that it names. An empty text (no file) means the default files in `/etc/nvme`.
 *
 * @returns the host's identity, or why it is unknown; `ok: false` if sys.conf itself is not valid
 */
export function parseSysConfig(file: string, text: string, readFile: ReadFile): Parsed<SysConfig> {
  const ini = parseIni(text);
  if (!ini.ok) {
    const problem = `this line is not valid: ${ini.problem}; the whole file is ignored`;
    return { ok: false, notes: [{ level: "error", file, line: ini.line, text: problem }] };
  }
  const reader = new HostReader(file, ini.sections, readFile);
  reader.checkNames();
  const hostNqn = mandatory(reader.find("nqn"), "host NQN", hostNqnProblem);
  const hostId = mandatory(reader.find("id"), "host id", hostIdProblem);
  const hostKey = reader.optional("key", "host key");
  const symname = reader.symname();
  const { notes } = reader;
  if ("because" in hostNqn) return { ok: true, value: { kind: "unknown", because: hostNqn.because }, notes };
  if ("because" in hostId) return { ok: true, value: { kind: "unknown", because: hostId.because }, notes };
  const identity = { hostNqn: hostNqn.text, hostId: hostId.text.toLowerCase(), hostKey, symname };
  return { ok: true, value: { kind: "known", identity }, notes };
}
