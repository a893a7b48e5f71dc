import { utf8Length } from "./utf8.js";

/** The longest NVMe Qualified Name (NVMe Base 2.0, 4.5), in bytes of UTF-8, without its terminating NUL. */
export const NQN_BYTES_MAX = 223;

/**
 * Whether a text is an NQN that fits a connect string: `nqn.` and more, at most 223 bytes, no white space, no control
 * characters, and no comma, which would end the value.
 */
export function isNqn(text: string): boolean {
  return /^nqn\.[^\s,\p{C}]+$/u.test(text) && fitsNqn(text);
}

/** Whether a text is short enough to be an NQN. */
export function fitsNqn(text: string): boolean {
  return utf8Length(text) <= NQN_BYTES_MAX;
}
