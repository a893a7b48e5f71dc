/** Core state <-> plain, JSON-safe values: maps and sets are marked, everything else stays as it is. */

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

const MAP = "~map";
const SET = "~set";

/** Copies a state value deeply. Absent (`undefined`) properties stay absent. */
export function toPlain(value: unknown): Plain {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) return { [MAP]: [...value].map(([key, item]) => [toPlain(key), toPlain(item)]) };
  if (value instanceof Set) return { [SET]: [...value].map(toPlain) };
  if (typeof value !== "object") throw new TypeError(`state holds a ${typeof value}`);
  const plain: Record<string, Plain> = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) plain[key] = toPlain(item);
  return plain;
}

/** The reverse of `toPlain`. */
export function fromPlain(plain: Plain): unknown {
  if (plain === null || typeof plain !== "object") return plain;
  if (isPlainArray(plain)) return plain.map(fromPlain);
  const map = plain[MAP];
  if (map !== undefined && isPlainArray(map)) return new Map(map.map(pairFromPlain));
  const set = plain[SET];
  if (set !== undefined && isPlainArray(set)) return new Set(set.map(fromPlain));
  return Object.fromEntries(Object.entries(plain).map(([key, item]) => [key, fromPlain(item)]));
}

function pairFromPlain(pair: Plain): [unknown, unknown] {
  if (!isPlainArray(pair)) throw new TypeError("a map in plain state holds something else than pairs");
  return [fromPlain(pair[0] ?? null), fromPlain(pair[1] ?? null)];
}

function isPlainArray(plain: Plain): plain is readonly Plain[] {
  return Array.isArray(plain);
}
