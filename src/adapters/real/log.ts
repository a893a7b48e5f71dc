/** The log on standard error: with `<N>` priorities for the journal, else with times and levels. */
import { fstatSync, writeSync } from "node:fs";
import type { LogLevel, CoreLogPort, LogRecord } from "../../core/ports/log.js";
import { attempt } from "../shared/os-error.js";

/** syslog(3) priorities, which the journal reads from the start of a line (sd-daemon(3)). */
const PRIORITY: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 };

/** The reader of the log. */
type LogStyle = "journal" | "terminal" | "file";

const COLOUR: Readonly<Record<LogLevel, string>> = { error: "31", warning: "33", notice: "1", info: "0", debug: "2" };

const STDERR = 2;

/** Longer lines are cut: the text may contain what a hostile peer sent. */
const LINE_CHARS_MAX = 4_096;

/** Whether standard error is the journal, a terminal, or neither. `journalStream` is $JOURNAL_STREAM: `device:inode`. */
export function detectStyle(journalStream: string | undefined, isTerminal: boolean): LogStyle {
  if (journalStream !== undefined) {
    const stat = attempt(() => fstatSync(STDERR));
    if (stat.ok && journalStream === `${String(stat.value.dev)}:${String(stat.value.ino)}`) return "journal";
  }
  return isTerminal ? "terminal" : "file";
}

/** Formats one line, including the newline. Shows control characters as `\xNN`, so that no text can forge a line. */
export function formatRecord(record: LogRecord, style: LogStyle, at: Date): string {
  const { level, controller } = record;
  const whole = controller === undefined ? record.text : `${controller}: ${record.text}`;
  const text = escapeControls(whole.length > LINE_CHARS_MAX ? `${whole.slice(0, LINE_CHARS_MAX)}...` : whole);
  switch (style) {
    case "journal":
      return `<${String(PRIORITY[level])}>${text}\n`;
    case "terminal":
      return `\x1b[2m${at.toISOString().slice(11, 23)}\x1b[0m \x1b[${COLOUR[level]}m${level.padEnd(7)} ${text}\x1b[0m\n`;
    case "file":
      return `${at.toISOString()} ${level.padEnd(7)} ${text}\n`;
  }
}

function escapeControls(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code}`;
  });
}

interface LogOptions {
  readonly style: LogStyle;
  /** The least important level to write. */
  readonly threshold: LogLevel;
}

/** Writes synchronously, so that the last lines before an exit are not lost. */
export class RealLog implements CoreLogPort {
  readonly #options: LogOptions;
  #lost = 0;
  #debug = false;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  setDebug(on: boolean): void {
    this.#debug = on;
  }

  write(record: LogRecord): void {
    if (!this.#debug && PRIORITY[record.level] > PRIORITY[this.#options.threshold]) return;
    if (this.#lost > 0) this.#reportLost();
    if (!this.#put(record)) this.#lost += 1;
  }

  #reportLost(): void {
    const text = `${String(this.#lost)} log lines before this one were lost, because nothing read standard error`;
    if (this.#put({ level: "warning", text })) this.#lost = 0;
  }

  /** False if nothing reads (a full pipe, a closed terminal). The daemon must not stop because of its log. */
  #put(record: LogRecord): boolean {
    const line = formatRecord(record, this.#options.style, new Date());
    return attempt(() => writeSync(STDERR, line)).ok;
  }
}
