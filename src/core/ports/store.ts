import type { OsFailure, RequestId } from "./request.js";

/**
 * Files. Secrets never pass: the adapter replaces each by a handle `secret:N` while reading
 * (equal secret, equal handle; changed, another).
 */
export interface StorePort {
  /** Reads a whole text file (UTF-8; bytes that are not become U+FFFD). */
  read(path: string): { readonly ok: true; readonly text: string } | OsFailure;
  /** Names in a directory, sorted; empty where there is none. */
  list(directory: string): readonly string[];
  /** Reads a whole binary file (nBFT). */
  readBytes(path: string): { readonly ok: true; readonly bytes: Uint8Array } | OsFailure;
  /** Replaces a file atomically, mode 0600: after a kill it holds the old text or the new, whole. */
  write(request: RequestId, path: string, text: string): void;
}

export interface WrittenEvent {
  readonly kind: "written";
  readonly request: RequestId;
  readonly result: { readonly ok: true } | OsFailure;
}
