/** Randomness of a simulated world. Each use has its own labelled stream, so that a new draw does not change the others. */

export interface RandomStream {
  /** An integer in [0, bound). */
  below(bound: number): number;
  /** A number in [0, 1). */
  unit(): number;
}

/** FNV-1a of the label, starting from the seed. */
function seedFor(seed: number, label: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** The stream of a label (mulberry32). The same seed and label give the same draws. */
export function randomStream(seed: number, label: string): RandomStream {
  let state = seedFor(seed, label);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return { below: (bound) => Math.floor(next() * bound), unit: next };
}
