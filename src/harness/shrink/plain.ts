/** The plain record that a scenario file holds, and edits of it. No edit changes a record in place. */

/** A value of a scenario file. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainRecord;
export interface PlainRecord {
  readonly [key: string]: Plain;
}

/** Where a value stands: the keys and the numbers that lead to it. */
export type Place = readonly (string | number)[];

export function isList(value: Plain | undefined): value is readonly Plain[] {
  return Array.isArray(value);
}

export function isRecord(value: Plain | undefined): value is PlainRecord {
  return typeof value === "object" && value !== null && !isList(value);
}

/** The value at a place; `undefined` if there is none. */
export function valueAt(root: Plain, place: Place): Plain | undefined {
  let value: Plain | undefined = root;
  for (const part of place) {
    if (isList(value) && typeof part === "number") value = value[part];
    else if (isRecord(value) && typeof part === "string") value = value[part];
    else return undefined;
  }
  return value;
}

/** Sets the value at a place, which must exist; `undefined` removes it from its list or record. */
export function withValue(root: Plain, place: Place, value: Plain | undefined): Plain {
  const [part, ...rest] = place;
  if (part === undefined) return value ?? null;
  if (isList(root) && typeof part === "number") {
    const inner = rest.length === 0 ? value : withValue(root[part] ?? null, rest, value);
    return inner === undefined ? root.toSpliced(part, 1) : root.with(part, inner);
  }
  if (!isRecord(root) || typeof part !== "string") return root;
  const inner = rest.length === 0 ? value : withValue(root[part] ?? null, rest, value);
  const others = Object.entries(root);
  return Object.fromEntries(
    inner === undefined
      ? others.filter(([key]) => key !== part)
      : others.map(([key, old]) => [key, key === part ? inner : old]),
  );
}

/** The places of all values that a test accepts: outer ones before inner ones, in the order of the file. */
export function placesOf(root: Plain, accepts: (value: Plain, place: Place) => boolean): readonly Place[] {
  const found: Place[] = [];
  const walk = (value: Plain, place: Place): void => {
    if (accepts(value, place)) found.push(place);
    if (isList(value)) for (const [index, inner] of value.entries()) walk(inner, [...place, index]);
    else if (isRecord(value)) for (const [key, inner] of Object.entries(value)) walk(inner, [...place, key]);
  };
  walk(root, []);
  return found;
}
