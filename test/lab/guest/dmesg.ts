/** The kernel's log. */
import { closeSync, constants, openSync, readSync } from "node:fs";

/** The longest record (LOG_LINE_MAX and its dictionary). */
const RECORD_BYTES = 8192;

const ABOUT_STORAGE = /nvme|null_blk|brd|Oops|BUG|WARNING|hung|segfault|Out of memory/i;

/** The kernel's messages about storage since a time (microseconds since boot), oldest first. */
export function kernelLog(sinceMicroseconds = 0): readonly string[] {
  const log = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
  const lines: string[] = [];
  try {
    for (;;) {
      const record = nextRecord(log);
      if (record === undefined) return lines;
      const [, , logged = "", text = ""] = /^\d+,(\d+),(\d+),[^;]*;([^\n]*)/.exec(record) ?? [];
      if (Number(logged) >= sinceMicroseconds && ABOUT_STORAGE.test(text)) {
        lines.push(`[${(Number(logged) / 1e6).toFixed(3)}] ${text}`);
      }
    }
  } finally {
    closeSync(log);
  }
}

/** Undefined at the end of the log. A record that was overwritten meanwhile (EPIPE) counts as empty. */
function nextRecord(log: number): string | undefined {
  const buffer = Buffer.alloc(RECORD_BYTES);
  try {
    return buffer.toString("utf8", 0, readSync(log, buffer, 0, RECORD_BYTES, null));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return undefined;
    if (error instanceof Error && "code" in error && error.code === "EPIPE") return "";
    throw error;
  }
}
