/** A campaign: many seeds, what they found, and one smallest seed for each kind of failure. */
import type { Failure } from "../result.js";
import { placeOf } from "../shrink/shrink.js";
import { CANARY } from "./canary.js";
import { SEED_MAX } from "./bounds.js";
import { runSeed, type SeedResult } from "./seed.js";

/** Kinds of failures that a campaign tells apart. Further ones are counted, not kept. */
export const FINDINGS_MAX = 100;

/** Seeds in which the canary must be found. */
export const CANARY_SEEDS_MAX = 200;

/** One kind of failure: all that share a place. */
export interface Finding {
  readonly place: string;
  /** The smallest seed that shows it. */
  readonly seed: number;
  readonly failure: Failure;
  /** How many seeds show it. */
  readonly seeds: number;
}

/** What a campaign has come to. The same seeds give the same report, with any number of threads. */
export interface CampaignReport {
  readonly firstSeed: number;
  readonly seeds: number;
  /** Seeds whose world could not be made. */
  readonly refused: number;
  /** Seeds with a failure. */
  readonly failing: number;
  readonly events: number;
  readonly simulatedMs: number;
  /** Seeds that the canary took; `undefined`: it was not found, and the campaign proves nothing. */
  readonly canary: number | undefined;
  /** By seed. */
  readonly findings: readonly Finding[];
  /** Kinds of failures beyond `FINDINGS_MAX`. */
  readonly more: number;
}

/** Adds up the results of seeds, in any order. */
export class Tally {
  readonly #firstSeed: number;
  readonly #findings = new Map<string, Finding>();
  readonly #more = new Set<string>();
  #seeds = 0;
  #refused = 0;
  #failing = 0;
  #events = 0;
  #simulatedMs = 0;

  constructor(firstSeed: number) {
    this.#firstSeed = firstSeed;
  }

  get seeds(): number {
    return this.#seeds;
  }

  get failing(): number {
    return this.#failing;
  }

  get kinds(): number {
    return this.#findings.size;
  }

  add({ seed, kind, events, simulated, failures }: SeedResult): void {
    this.#seeds += 1;
    if (kind === "refused") this.#refused += 1;
    if (failures.length > 0) this.#failing += 1;
    this.#events += events;
    this.#simulatedMs += simulated;
    const byPlace = new Map(failures.map((failure) => [placeOf(failure), failure] as const).reverse());
    for (const [place, failure] of byPlace) this.#count(place, seed, failure);
  }

  #count(place: string, seed: number, failure: Failure): void {
    const known = this.#findings.get(place);
    if (known === undefined && this.#findings.size >= FINDINGS_MAX) {
      this.#more.add(place);
      return;
    }
    const isFirst = known === undefined || seed < known.seed;
    const first = isFirst ? { place, seed, failure } : known;
    this.#findings.set(place, { ...first, seeds: (known?.seeds ?? 0) + 1 });
  }

  report(canary: number | undefined): CampaignReport {
    return {
      firstSeed: this.#firstSeed,
      seeds: this.#seeds,
      refused: this.#refused,
      failing: this.#failing,
      events: this.#events,
      simulatedMs: this.#simulatedMs,
      canary,
      findings: [...this.#findings.values()].sort(
        (one, other) => one.seed - other.seed || (one.place < other.place ? -1 : 1),
      ),
      more: this.#more.size,
    };
  }
}

/** How many seeds it takes to find the canary; `undefined` if `CANARY_SEEDS_MAX` do not. */
export function seekCanary(firstSeed: number): number | undefined {
  for (let tried = 0; tried < CANARY_SEEDS_MAX; tried++) {
    if (runSeed(seedAt(firstSeed, tried), CANARY).failures.length > 0) return tried + 1;
  }
  return undefined;
}

/** The seed at a place of a campaign. After the largest comes 0. */
export function seedAt(firstSeed: number, place: number): number {
  return (firstSeed + place) % (SEED_MAX + 1);
}
