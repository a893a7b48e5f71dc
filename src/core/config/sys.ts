/** `/etc/stas/sys.conf`: the host's NQN, id, key and symbolic name, literal or in files of their own. */
import { fitsOption } from "../codec/fabrics-options.js";
import { SYMNAME_BYTES_MAX } from "../codec/dim.js";
import { cutUtf8 } from "../domain/utf8.js";
import { fitsNqn, NQN_BYTES_MAX } from "../domain/nqn.js";
import { parseIni, type IniSections, type IniValue } from "./ini.js";
import { COMMENT_ADVICE, quote, showName, withoutComment } from "./reader.js";
import type { ConfigNote, Parsed, SysConfig } from "./types.js";

const SECTION = "Host";

/** Where a value is looked for when sys.conf says nothing; empty: nowhere. */
const DEFAULT_FILES = {
  nqn: "/etc/nvme/hostnqn",
  id: "/etc/nvme/hostid",
  key: "/etc/nvme/hostkey",
  symname: "",
} as const;

type HostOption = keyof typeof DEFAULT_FILES;

const FILE_URL = "file://";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads a whole file, or `undefined` where it cannot be read. */
export type ReadFile = (path: string) => string | undefined;

/** A value, or why there is none. `where` completes "the host NQN ...". */
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
      if (name !== SECTION) this.#note("error", section.line, "unknown section: all of it is ignored");
      else
        for (const [option, values] of section.options)
          if (!Object.hasOwn(DEFAULT_FILES, option))
            this.#note("error", values[0]?.line ?? section.line, `unknown option (${showName(option)}): it is ignored`);
    }
  }

  #given(option: HostOption): IniValue | undefined {
    const values = this.#sections.get(SECTION)?.options.get(option) ?? [];
    return values.filter((value) => value.from !== "blank").at(-1);
  }

  /** A symbolic name may hold any sign. Nothing else holds a comment's behind white space. */
  #literal(option: HostOption, { text, line }: IniValue): string {
    const bare = withoutComment(text);
    if (bare === undefined) return text;
    const isName = option === "symname" && !text.startsWith(FILE_URL);
    const what = isName ? "is part of the name" : "is taken for a comment";
    this.#note("warning", line, `${option}: what follows # or ; ${what}; ${COMMENT_ADVICE}`);
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
    const problem = text === undefined ? "cannot be read" : "holds nothing in its first line";
    const asked = given === undefined ? "by-default" : "explicitly";
    return { at: "missing", where: `is to be in ${path}, which ${problem}`, line: given?.line ?? 0, asked };
  }

  /** The symbolic name, as much of it as a registration holds. */
  symname(): string | undefined {
    const name = this.optional("symname", "symbolic name");
    if (name === undefined) return undefined;
    const kept = cutUtf8(name, SYMNAME_BYTES_MAX);
    const line = this.#given("symname")?.line ?? 0;
    if (kept !== name)
      this.#note("warning", line, `the symbolic name is longer than ${String(SYMNAME_BYTES_MAX)} bytes: it is cut`);
    return kept;
  }

  /** An optional value. A file that was asked for and is not there is worth a warning; a default one is not. */
  optional(option: "key" | "symname", what: string): string | undefined {
    const found = this.find(option);
    if (found.at === "found") return found.text;
    if (found.asked === "explicitly") this.#note("warning", found.line, `the ${what} ${found.where}: there is none`);
    return undefined;
  }
}

/** What is wrong with a host NQN; completes "the host NQN ...". */
function hostNqnProblem(nqn: string): string | undefined {
  if (!nqn.startsWith("nqn.")) return `is ${quote(nqn)}, and does not start with nqn.`;
  if (!fitsNqn(nqn)) return `is longer than ${String(NQN_BYTES_MAX)} bytes`;
  if (/\s/.test(nqn) || !fitsOption(nqn)) return "holds a comma or white space";
  return undefined;
}

function hostIdProblem(id: string): string | undefined {
  return UUID.test(id.toLowerCase()) ? undefined : `is ${quote(id)}, which is no UUID`;
}

/** A mandatory value, or the sentence that says why there is none. */
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
 * Parses sys.conf and reads the files it names. An empty text (no file) means the defaults below `/etc/nvme`.
 *
 * @returns the host's identity, or why it is not known; `ok: false` where sys.conf itself is broken
 */
export function parseSysConfig(file: string, text: string, readFile: ReadFile): Parsed<SysConfig> {
  const ini = parseIni(text);
  if (!ini.ok) {
    const problem = `this line cannot be understood: ${ini.problem}; the whole file is left aside`;
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
