/** What a scenario's names stand for, and the checks of references to them. */
import type { ListenSpec } from "../../../adapters/sim/spec.js";
import type { Milliseconds } from "../../../core/domain/units.js";
import type { Path, Source } from "../document.js";
import { parseDuration, parseRange, spellDuration } from "../duration.js";
import type { FullRecord } from "../schema/schema.js";
import type { ControllerRef, Range } from "../types.js";

/** A discovery controller or a subsystem that the file defines. */
export interface Peer {
  readonly kind: "discovery-controller" | "subsystem";
  readonly listeners: readonly ListenSpec[];
}

/** A responder as the file spells it. */
export type ResponderRecord = FullRecord["network"]["responders"][number];

/** Everything that references may point to, gathered before they are resolved. */
export interface Names {
  readonly peers: ReadonlyMap<string, Peer>;
  /** Initial controllers given as sysfs attributes. */
  readonly devices: ReadonlySet<string>;
  /** Interface to MAC address: those of the host, and those that steps add. */
  readonly interfaces: ReadonlyMap<string, string | undefined>;
  /** Responders of the network. */
  readonly responders: ReadonlyMap<string, ResponderRecord>;
  /** Ids of responders of the network and of steps. */
  readonly announced: ReadonlySet<string>;
  readonly steps: ReadonlySet<string>;
}

export class Scope {
  readonly source: Source;
  readonly names: Names;
  readonly #times: { readonly path: Path; readonly time: Milliseconds }[] = [];

  constructor(source: Source, names: Names) {
    this.source = source;
    this.names = names;
  }

  peer(path: Path, id: string): string {
    if (!this.names.peers.has(id)) this.#unknown(path, "a discovery controller or subsystem", this.names.peers.keys());
    return id;
  }

  discoveryController(path: Path, id: string): string {
    return this.#peerOf("discovery-controller", path, id);
  }

  subsystem(path: Path, id: string): string {
    return this.#peerOf("subsystem", path, id);
  }

  #peerOf(kind: Peer["kind"], path: Path, id: string): string {
    if (this.names.peers.get(id)?.kind !== kind) {
      const ids = [...this.names.peers].filter(([, peer]) => peer.kind === kind).map(([name]) => name);
      this.#unknown(path, `a ${kind === "subsystem" ? "subsystem" : "discovery controller"}`, ids);
    }
    return id;
  }

  /** A listening address of a peer, by its number. */
  listenerIndex(path: Path, id: string, index: number | undefined): void {
    const listeners = this.names.peers.get(id)?.listeners;
    if (index === undefined || listeners === undefined || index < listeners.length) return;
    this.source.add(path, `the number (0-based) of one of the ${listeners.length} addresses of ${id}`);
  }

  interface(path: Path, name: string): string {
    if (!this.names.interfaces.has(name)) this.#unknown(path, "an interface", this.names.interfaces.keys());
    return name;
  }

  step(path: Path, id: string): string {
    if (!this.names.steps.has(id)) this.#unknown(path, "a step", this.names.steps);
    return id;
  }

  responder(path: Path, id: string): string {
    if (!this.names.announced.has(id)) this.#unknown(path, "a responder", this.names.announced);
    return id;
  }

  /** `dc1`, `dc1@eth1` or the name of an initial controller. */
  controller(path: Path, text: string): ControllerRef {
    const at = text.indexOf("@");
    const id = at < 0 ? text : text.slice(0, at);
    if (!this.names.peers.has(id) && !this.names.devices.has(id)) {
      const known = [...this.names.peers.keys(), ...this.names.devices];
      this.#unknown(path, "a discovery controller or subsystem", known);
    }
    return at < 0 ? { id } : { id, hostIface: this.interface(path, text.slice(at + 1)) };
  }

  controllers(path: Path, given: string | readonly string[]): readonly ControllerRef[] {
    if (typeof given === "string") return [this.controller(path, given)];
    return given.map((text, index) => this.controller([...path, index], text));
  }

  /** A time of the run: none may lie behind its end. */
  time(path: Path, text: string): Milliseconds {
    return this.mention(path, duration(text));
  }

  range(path: Path, text: string): Range {
    const range = span(text);
    this.mention(path, range.to);
    return range;
  }

  mention(path: Path, time: Milliseconds): Milliseconds {
    this.#times.push({ path, time });
    return time;
  }

  lastTime(): number {
    return this.#times.reduce((last, { time }) => Math.max(last, time), 0);
  }

  endsAt(until: Milliseconds): void {
    for (const { path, time } of this.#times) {
      if (time > until) this.source.add(path, `a time not after until, which is ${spellDuration(until)}`);
    }
  }

  #unknown(path: Path, what: string, known: Iterable<string>): void {
    this.source.add(path, expectedIds(what, [...known]));
  }
}

/** How many known names an error lists. */
const NAMES_SHOWN_MAX = 10;

function expectedIds(what: string, known: readonly string[]): string {
  if (known.length === 0) return `the name of ${what}, of which this file has none`;
  const more = known.length > NAMES_SHOWN_MAX ? ", ..." : "";
  return `the name of ${what} of this file: ${known.slice(0, NAMES_SHOWN_MAX).join(", ")}${more}`;
}

/** A duration that the schema has checked. */
export function duration(text: string): Milliseconds {
  const value = parseDuration(text);
  if (value === undefined) throw new TypeError(`the schema let a bad duration pass: ${text}`);
  return value;
}

/** A range that the schema has checked. */
export function span(text: string): Range {
  const value = parseRange(text);
  if (value === undefined) throw new TypeError(`the schema let a bad range pass: ${text}`);
  return value;
}

/** A record whose keys are absent where they were `undefined`. */
type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out what is not given, so that two equal scenarios are equal records. */
export function given<T extends object>(record: T): Compact<T>;
export function given(record: object): object {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}
