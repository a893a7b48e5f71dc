/** Reads the options of a parsed file, and collects notes for the user. */
import { nearest } from "../domain/nearest.js";
import type { ServiceName } from "../ports/bus.js";
import { DEPRECATED_OPTIONS, ENTRY_OPTIONS, OPTIONS, type OptionDefinition } from "./definitions.js";
import type { IniSection, IniSections, IniValue } from "./ini.js";
import type { ConfigNote } from "./types.js";

/** The most characters of a value that a note repeats. */
const LONGEST_QUOTE = 60;

/** Where an option may stand. */
interface OptionPlace {
  readonly services: readonly ServiceName[];
  readonly section: string;
  readonly name: string;
}

const PLACES: readonly OptionPlace[] = [...Object.values(OPTIONS), ...ENTRY_OPTIONS];

/** A name as a note may show it. A name that no option could have may be a secret in the wrong place. */
export function showName(name: string): string {
  return /^[a-z_-]{1,32}$/i.test(name) ? name : "name not shown";
}

/** ` (did you mean NAME?)` if a known name is near a misspelt one, else nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const lower = known.map((one) => one.toLowerCase());
  const near = nearest(name.toLowerCase(), lower);
  return near === undefined ? "" : ` (did you mean ${known[lower.indexOf(near)] ?? near}?)`;
}

/** A value as a note may show it: on one line, shortened if long, and hidden if it may be a secret in the wrong place. */
export function quote(text: string): string {
  if (/secret|dhhc/i.test(text)) return "a hidden value";
  const plain = text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, " ");
  return plain.length > LONGEST_QUOTE ? `"${plain.slice(0, LONGEST_QUOTE)}..."` : `"${plain}"`;
}

export const COMMENT_ADVICE = "put comments on lines of their own";

/** A value without the comment that seems to follow it; `undefined` if there is none. */
export function withoutComment(text: string): string | undefined {
  const start = text.search(/\s[#;]/);
  return start < 0 ? undefined : text.slice(0, start).trim();
}

export class ConfigReader {
  readonly file: string;
  readonly service: ServiceName;
  readonly #sections: IniSections;
  readonly #notes: ConfigNote[] = [];

  constructor(service: ServiceName, file: string, sections: IniSections) {
    this.service = service;
    this.file = file;
    this.#sections = sections;
  }

  /** In file order. */
  get notes(): readonly ConfigNote[] {
    return [...this.#notes].sort((a, b) => a.line - b.line);
  }

  note(level: ConfigNote["level"], line: number, text: string): void {
    this.#notes.push({ level, file: this.file, line, text });
  }

  /** All values of an option, without the blank lines between them. */
  values(section: string, name: string): readonly IniValue[] {
    const values = this.#sections.get(section)?.options.get(name) ?? [];
    return values.filter((value) => value.from !== "blank");
  }

  /** A scalar option: its last value, or its default if that is missing or not valid. */
  scalar<T>(definition: OptionDefinition<T>): T {
    const fallback = definition.fallback[this.service];
    // An option of the other service: `checkNames` notes that it is ignored.
    if (!this.#mine(definition)) return fallback;
    const given = this.values(definition.section, definition.name);
    // Python drops empty values after others.
    const last = given.filter(({ text }) => text !== "").at(-1) ?? given.at(-1);
    if (last === undefined) return fallback;
    // No valid value has a comment sign after white space.
    const bare = withoutComment(last.text);
    if (bare !== undefined)
      this.note(
        "warning",
        last.line,
        `${definition.name}: the text after # or ; is treated as a comment; ${COMMENT_ADVICE}`,
      );
    const text = bare ?? last.text;
    const value = definition.read(text);
    if (value === undefined) {
      const problem = text === "" ? "the value is missing" : `${quote(text)} is not valid`;
      this.note(
        "warning",
        last.line,
        `${definition.name}: ${problem}; the default applies; expected ${definition.expected}`,
      );
      return fallback;
    }
    const remark = definition.remark?.(text);
    if (remark !== undefined) this.note("warning", last.line, `${definition.name}: ${remark}`);
    return value;
  }

  /** Notes every section and option that is unknown to this service or deprecated. */
  checkNames(): void {
    for (const [name, section] of this.#sections) {
      if (this.#knowsSection(name)) this.#checkOptions(name, section);
      else this.#noteSection(name, section);
    }
  }

  #mine(place: OptionPlace): boolean {
    return place.services.includes(this.service);
  }

  #knowsSection(name: string): boolean {
    return [...PLACES, ...DEPRECATED_OPTIONS].some((place) => place.section === name && this.#mine(place));
  }

  #sectionNames(): readonly string[] {
    return [...new Set(PLACES.filter((place) => this.#mine(place)).map(({ section }) => section))];
  }

  #noteSection(name: string, section: IniSection): void {
    const elsewhere = PLACES.find((place) => place.section === name);
    const problem =
      elsewhere === undefined
        ? `unknown section${didYouMean(name, this.#sectionNames())}`
        : `section [${name}] belongs in ${elsewhere.services.map((service) => `${service}d.conf`).join(" and ")}`;
    this.note("error", section.line, `${problem}: all of it is ignored`);
  }

  #checkOptions(sectionName: string, section: IniSection): void {
    for (const [name, values] of section.options) {
      const line = values[0]?.line ?? section.line;
      const here = (place: OptionPlace): boolean => place.section === sectionName && place.name === name;
      if (PLACES.some((place) => here(place) && this.#mine(place))) continue;
      const deprecated = DEPRECATED_OPTIONS.find((place) => here(place) && this.#mine(place));
      if (deprecated === undefined) this.note("error", line, `${this.#unknownOption(name)}: it is ignored`);
      else this.note("warning", line, `${name} is deprecated: ${deprecated.advice}`);
    }
  }

  #unknownOption(name: string): string {
    const misplaced = PLACES.find((place) => place.name === name && this.#mine(place));
    if (misplaced !== undefined) return `${name} belongs to section [${misplaced.section}]`;
    const foreign = PLACES.find((place) => place.name === name);
    if (foreign !== undefined)
      return `${name} is an option of ${foreign.services.map((one) => `${one}d.conf`).join(" and ")}`;
    const known = PLACES.filter((place) => this.#mine(place)).map((place) => place.name);
    return `unknown option (${showName(name)})${didYouMean(name, known)}`;
  }
}
