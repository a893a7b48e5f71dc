/**
 * Names and times that a scenario file mentions. Parts tell each mention with its place; one pass over all of them
 * finds names given twice, names that nothing has, and times behind the end of the run.
 */
import { later, Milliseconds } from "../../core/domain/units.js";
import type { Path, Source } from "../scenario/document.js";
import { spellDuration } from "../scenario/duration.js";

/** What a name can stand for. */
export type NameKind = "discovery-controller" | "subsystem" | "device" | "interface" | "responder" | "step";

/** A name or a time in a file. */
export type Mention =
  /** Here a name is given, once in a file. */
  | { readonly kind: "definition"; readonly of: NameKind; readonly name: string }
  /** Here a name is given, and it may have been given before. */
  | { readonly kind: "addition"; readonly of: NameKind; readonly name: string }
  /** The name must be that of one of these kinds; `what` says so in words. */
  | {
      readonly kind: "reference";
      readonly to: readonly NameKind[];
      readonly what: string;
      readonly name: string;
    }
  /** A listening address of a peer, by its number (0-based). */
  | { readonly kind: "listener"; readonly peer: string; readonly index: number }
  /** A time of the run. */
  | { readonly kind: "time"; readonly at: Milliseconds }
  /** A time of the run, counted from the moment when a step is carried out. */
  | { readonly kind: "time-after-step"; readonly step: string; readonly after: Milliseconds };

/** Takes a mention and its place in the file. */
export type Tell = (mention: Mention, path: Path) => void;

/** Names that generated parts may use, so that a generated scenario holds together. */
export interface Cast {
  readonly names: Readonly<Record<NameKind, readonly string[]>>;
  /** No generated time of the run lies behind it. */
  readonly until: Milliseconds;
}

/** Names of a cast that one of these kinds has. */
export function castOf(cast: Cast, kinds: readonly NameKind[]): readonly string[] {
  return kinds.flatMap((kind) => cast.names[kind]);
}

/** Kinds that share their names: no subsystem is called as a discovery controller is. */
const PEERS: readonly NameKind[] = ["discovery-controller", "subsystem"];

/** How many known names an error lists. */
const NAMES_SHOWN_MAX = 10;

/** What a reader needs to know besides the mentions themselves. */
export interface Known {
  /** How many listening addresses a peer has; `undefined` where it is not known. */
  listeners(peer: string): number | undefined;
  /** When a step happens, where that is known before the run. */
  stepTime(step: string): Milliseconds | undefined;
}

interface Place {
  readonly mention: Mention;
  readonly path: Path;
}

/** The mentions of one file. */
export class Mentions {
  readonly #source: Source;
  readonly #places: Place[] = [];
  readonly #names = new Map<NameKind, Set<string>>();

  constructor(source: Source) {
    this.#source = source;
  }

  readonly tell: Tell = (mention, path) => {
    if (mention.kind === "definition") this.#define(mention.of, mention.name, path);
    else if (mention.kind === "addition") this.#namesOf(mention.of).add(mention.name);
    else this.#places.push({ mention, path });
  };

  /** Adds a problem for each reference to a name that nothing has. All mentions have been told. */
  checkNames(known: Known): void {
    for (const { mention, path } of this.#places) {
      if (mention.kind === "reference") this.#checkReference(mention, path);
      else if (mention.kind === "listener") this.#checkListener(mention, path, known);
    }
  }

  /** The last time that the file mentions; 0 where it mentions none. */
  lastTime(known: Known): Milliseconds {
    let last = Milliseconds(0);
    for (const { mention } of this.#places) {
      const time = timeOf(mention, known);
      if (time !== undefined && time > last) last = time;
    }
    return last;
  }

  /** Adds a problem for each time behind the end of the run. */
  checkTimes(known: Known, until: Milliseconds): void {
    for (const { mention, path } of this.#places) {
      const time = timeOf(mention, known);
      if (time !== undefined && time > until) {
        this.#source.add(path, `a time not after until, which is ${spellDuration(until)}`);
      }
    }
  }

  #namesOf(kind: NameKind): Set<string> {
    const known = this.#names.get(kind);
    if (known !== undefined) return known;
    const made = new Set<string>();
    this.#names.set(kind, made);
    return made;
  }

  #define(kind: NameKind, name: string, path: Path): void {
    const rivals = PEERS.includes(kind) ? PEERS : [kind];
    if (rivals.some((rival) => this.#namesOf(rival).has(name))) this.#source.add(path, expectedOnce(kind));
    this.#namesOf(kind).add(name);
  }

  #checkReference({ to, what, name }: Extract<Mention, { kind: "reference" }>, path: Path): void {
    if (to.some((kind) => this.#namesOf(kind).has(name))) return;
    this.#source.add(path, expectedNames(what, [...to.flatMap((kind) => [...this.#namesOf(kind)])]));
  }

  #checkListener({ peer, index }: Extract<Mention, { kind: "listener" }>, path: Path, known: Known): void {
    const count = known.listeners(peer);
    if (count === undefined || index < count) return;
    this.#source.add(path, `the number (0-based) of one of the ${String(count)} addresses of ${peer}`);
  }
}

function timeOf(mention: Mention, known: Known): Milliseconds | undefined {
  if (mention.kind === "time") return mention.at;
  if (mention.kind !== "time-after-step") return undefined;
  // Where the step waits for an event, the time can only lie later than this.
  return later(known.stepTime(mention.step) ?? Milliseconds(0), mention.after);
}

function expectedOnce(kind: NameKind): string {
  return kind === "interface" || kind === "device" ? "a name not given before" : "an id not given before";
}

function expectedNames(what: string, known: readonly string[]): string {
  if (known.length === 0) return `the name of ${what}, of which this file has none`;
  const more = known.length > NAMES_SHOWN_MAX ? ", ..." : "";
  return `the name of ${what} of this file: ${known.slice(0, NAMES_SHOWN_MAX).join(", ")}${more}`;
}
