/** Errors of Node's system calls, real or simulated, as the core knows them. */
import type { OsFailure } from "../../core/ports/request.js";

/**
 * The errno, as a positive number, of an error that a system call of Node threw or passed on. Throws any other error on, because
 * it is our own bug. (Not by `code`: Node has no name for some errnos, such as ENOKEY.)
 */
export function errnoOf(error: unknown): number {
  const errno: unknown = error instanceof Error ? Reflect.get(error, "errno") : undefined;
  if (typeof errno !== "number" || errno >= 0) throw error;
  return -errno;
}

/** The name that Node gives an error, such as `ENOENT` or `EAI_AGAIN`; `undefined` if it gives none. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}

export type Attempt<T> = { readonly ok: true; readonly value: T } | OsFailure;

/** Makes a system call that throws on failure. */
export function attempt<T>(call: () => T): Attempt<T> {
  try {
    return { ok: true, value: call() };
  } catch (error) {
    return { ok: false, errno: errnoOf(error) };
  }
}

/** Waits for a system call that rejects on failure. */
export async function attemptLater<T>(call: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, errno: errnoOf(error) };
  }
}
