export type LogLevel = "debug" | "info" | "notice" | "warning" | "error";

export interface LogRecord {
  readonly level: LogLevel;
  /** A whole sentence for a person, written by this project (never an engine's `Error.message`), without secrets. */
  readonly text: string;
  /** The controller it is about, as `formatTransportId` prints it. */
  readonly controller?: string;
}

export interface LogPort {
  write(record: LogRecord): void;
}

/** The log of a core, whose configuration may ask for more of it (`tron`). */
export interface CoreLogPort extends LogPort {
  /** Whether debug records are written from now on, if the command line does not ask for them anyway. */
  setDebug(on: boolean): void;
}
