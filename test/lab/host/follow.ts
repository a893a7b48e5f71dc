/** Reads lines from a file that another process appends to. */
import { closeSync, openSync, readSync } from "node:fs";

const POLL_MS = 100;

/** Bytes per read. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Calls `onLine` with each whole line soon after it is written. Reads a file rather than a pipe, because qemu drops what a
 * pipe does not accept at once. The returned function reads the rest and stops.
 */
export function follow(file: string, onLine: (line: string) => void): () => void {
  const open = openSync(file, "a+");
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let at = 0;
  let rest: Buffer[] = [];
  const readOn = (): void => {
    for (;;) {
      const length = readSync(open, buffer, 0, CHUNK_BYTES, at);
      if (length === 0) return;
      at += length;
      let from = 0;
      for (let end = buffer.indexOf(10); end >= 0 && end < length; end = buffer.indexOf(10, from)) {
        const line = Buffer.concat([...rest, buffer.subarray(from, end)]);
        rest = [];
        from = end + 1;
        onLine(line.toString("utf8"));
      }
      rest.push(Buffer.from(buffer.subarray(from, length)));
    }
  };
  const timer = setInterval(readOn, POLL_MS);
  return () => {
    clearInterval(timer);
    readOn();
    closeSync(open);
  };
}
