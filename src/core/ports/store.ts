import type { OsFailure, RequestId } from "./request.js";

/**
 * Files. Secrets never pass: while reading, the adapter replaces each with a handle `secret:N`. Equal secrets have equal
 * handles; a changed secret gets a new one.
 */
export interface StorePort {
  /** Reads a whole text file (UTF-8; invalid bytes become U+FFFD). */
  read(path: string): { readonly ok: true; readonly text: string } | OsFailure;
  /** The path at which the operator finds one of the core's files. For messages: the other calls take the core's path. */
  locate(path: string): string;
  /** Names in a directory, sorted; empty if the directory does not exist. */
  list(directory: string): readonly string[];
  /** Reads a whole binary file (nBFT). */
  readBytes(path: string): { readonly ok: true; readonly bytes: Uint8Array } | OsFailure;
  /** Replaces a file atomically, mode 0600: after a kill it holds either the whole old text or the whole new one. */
  write(request: RequestId, path: string, text: string): void;
}

export interface WrittenEvent {
  readonly kind: "written";
  readonly request: RequestId;
  readonly result: { readonly ok: true } | OsFailure;
}
