declare const nqnBrand: unique symbol;

/** An NVMe Qualified Name (NVMe Base 2.0, 4.5): starts with `nqn.`, at most `NQN_BYTES_MAX` bytes of UTF-8. */
export type Nqn = string & { readonly [nqnBrand]: "nqn" };

/** The longest NQN, in bytes of UTF-8, without its terminating NUL. */
export const NQN_BYTES_MAX = 223;

function isNqn(text: string): text is Nqn {
  // A UTF-16 unit takes at least one byte, so that this bounds the count below.
  if (!text.startsWith("nqn.") || text.length > NQN_BYTES_MAX) return false;
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes <= NQN_BYTES_MAX;
}

/** Takes text for an NQN, or `undefined` where it is none. The text is not trimmed. */
export function parseNqn(text: string): Nqn | undefined {
  return isNqn(text) ? text : undefined;
}
