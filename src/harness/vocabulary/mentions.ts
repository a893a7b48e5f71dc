/**
 * Names and times that a scenario file mentions. Parts report each mention with its place. One pass over all mentions
 * finds names given twice, names that nothing has, and times after the end of the run.
 */
import { later, Milliseconds } from "../../core/domain/units.js";
import type { Path, Point, Source } from "../scenario/document.js";
import { spellDuration } from "../scenario/duration.js";

/** What a name can stand for. */
export type NameKind = "discovery-controller" | "subsystem" | "device" | "interface" | "responder" | "step";

/** A name or a time in a file. */
export type Mention =
  /** A name is given here, and only here. */
  | { readonly kind: "definition"; readonly of: NameKind; readonly name: string }
  /** A name is given here, and may be given elsewhere too. */
  | { readonly kind: "addition"; readonly of: NameKind; readonly name: string }
  /** Something of one of these kinds must have the name. `what` describes the kinds. */
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

/** Takes a mention and its place in the file: the value at a path if `point` is absent. */
export type Tell = (mention: Mention, path: Path, point?: Point) => void;

/** Names that generated parts may use, so that a generated scenario holds together. */
export interface Cast {
  readonly names: Readonly<Record<NameKind, readonly string[]>>;
  /** No generated time is later. */
  readonly until: Milliseconds;
}

/** The names that a cast has of these kinds. */
export function castOf(cast: Cast, kinds: readonly NameKind[]): readonly string[] {
  return kinds.flatMap((kind) => cast.names[kind]);
}

/** Kinds that share their names: no subsystem has the name of a discovery controller. */
const PEERS: readonly NameKind[] = ["discovery-controller", "subsystem"];

/** How many known names an error lists. */
const NAMES_SHOWN_MAX = 10;

/** What the checks need to know besides the mentions. */
export interface Known {
  /** How many listening addresses a peer has; `undefined` if it is not known. */
  listeners(peer: string): number | undefined;
  /** When a step happens, if that is known before the run. */
  stepTime(step: string): Milliseconds | undefined;
}

interface Place {
  readonly mention: Mention;
  readonly path: Path;
  readonly point: Point;
}

/** The mentions of one file. */
export class Mentions {
  readonly #source: Source;
  readonly #places: Place[] = [];
  readonly #names = new Map<NameKind, Set<string>>();

  constructor(source: Source) {
    this.#source = source;
  }

  readonly tell: Tell = (mention, path, point = "value") => {
    if (mention.kind === "definition") this.#define(mention.of, mention.name, path);
    else if (mention.kind === "addition") this.#namesOf(mention.of).add(mention.name);
    else this.#places.push({ mention, path, point });
  };

  /** Adds a problem for each reference to a name that nothing has. Call it after all mentions. */
  checkNames(known: Known): void {
    for (const place of this.#places) {
      const { mention, path } = place;
      if (mention.kind === "reference") this.#checkReference(mention, place);
      else if (mention.kind === "listener") this.#checkListener(mention, path, known);
    }
  }

  /** The last time that the file mentions; 0 if it mentions none. */
  lastTime(known: Known): Milliseconds {
    let last = Milliseconds(0);
    for (const { mention } of this.#places) {
      const time = timeOf(mention, known);
      if (time !== undefined && time > last) last = time;
    }
    return last;
  }

  /** Adds a problem for each time after the end of the run. */
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

  #checkReference({ to, what, name }: Extract<Mention, { kind: "reference" }>, { path, point }: Place): void {
    if (to.some((kind) => this.#namesOf(kind).has(name))) return;
    this.#source.add(path, expectedNames(what, [...to.flatMap((kind) => [...this.#namesOf(kind)])]), point);
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
  // If the step waits for an event, the time can only be later than this.
  return later(known.stepTime(mention.step) ?? Milliseconds(0), mention.after);
}

function expectedOnce(kind: NameKind): string {
  return kind === "interface" || kind === "device" ? "a name not used before" : "an id not used before";
}

function expectedNames(what: string, known: readonly string[]): string {
  if (known.length === 0) return `the name of ${what}, but this file has none`;
  const more = known.length > NAMES_SHOWN_MAX ? ", ..." : "";
  return `the name of ${what} in this file: ${known.slice(0, NAMES_SHOWN_MAX).join(", ")}${more}`;
}
