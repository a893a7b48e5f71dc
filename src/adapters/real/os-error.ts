/** Errors of Node's system calls, as the core knows them. */
import type { OsFailure } from "../../core/ports/request.js";

/**
 * The errno of an error that a system call of Node's threw or passed on, as a positive number. Anything else is our own
 * bug and is thrown on. (Not by `code`: Node has no name for some, such as ENOKEY.)
 */
export function errnoOf(error: unknown): number {
  const errno: unknown = error instanceof Error ? Reflect.get(error, "errno") : undefined;
  if (typeof errno !== "number" || errno >= 0) throw error;
  return -errno;
}

export type Attempt<T> = { readonly ok: true; readonly value: T } | OsFailure;

/** Makes a system call that throws. */
export function attempt<T>(call: () => T): Attempt<T> {
  try {
    return { ok: true, value: call() };
  } catch (error) {
    return { ok: false, errno: errnoOf(error) };
  }
}

/** Waits for a system call that rejects. */
export async function attemptLater<T>(call: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, errno: errnoOf(error) };
  }
}
