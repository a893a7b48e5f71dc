import { utf8Length } from "./utf8.js";

/** The longest NVMe Qualified Name (NVMe Base 2.0, 4.5), in bytes of UTF-8, without its terminating NUL. */
export const NQN_BYTES_MAX = 223;

/**
 * Whether a text is an NQN that a connect string can hold: `nqn.` and more, 223 bytes at most, and neither white space
 * nor control characters nor a comma, which would end it.
 */
export function isNqn(text: string): boolean {
  return /^nqn\.[^\s,\p{C}]+$/u.test(text) && fitsNqn(text);
}

/** Whether a text is no longer than an NQN may be. */
export function fitsNqn(text: string): boolean {
  return utf8Length(text) <= NQN_BYTES_MAX;
}
