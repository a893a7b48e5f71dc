/** The trace of one run: one line of JSON per record, and the SHA-256 of all lines (the same as of the file that `--trace` writes). */
import { createHash, type Hash } from "node:crypto";
import type { Milliseconds } from "../../core/domain/units.js";
import type { ProcessName } from "../../adapters/sim/observation.js";

/** Who a record is about: a daemon process (its calls and events), the world, or the scenario's time line. */
export type TraceSource = ProcessName | "world" | "scenario";

/** Characters collected before they are hashed: large enough to amortise the call, small enough to stay in cache. */
const CHUNK_CHARS = 16_384;

/** Last lines, kept even if the whole trace is not. */
export const LAST_LINES = 16;

export interface TraceOptions {
  /** Simulated time, read once per record. */
  readonly now: () => Milliseconds;
  /** Keeps every line, for `--trace` and for the first difference of two runs. */
  readonly keep?: boolean;
  /** Texts that must never appear. `onSecret` gets each record that holds one. */
  readonly secrets?: readonly string[];
  readonly onSecret?: (line: string) => void;
}

/** Numbers records and adds them to the hash. */
export class Trace {
  readonly #hash: Hash = createHash("sha256");
  readonly #now: () => Milliseconds;
  readonly #lines: string[] | undefined;
  readonly #last: string[] = new Array<string>(LAST_LINES).fill("");
  readonly #secrets: readonly string[];
  readonly #onSecret: (line: string) => void;
  #chunk = "";
  #number = 0;
  #time = -1;
  #timeText = "";
  #digest: string | undefined;

  constructor(options: TraceOptions) {
    this.#now = options.now;
    this.#lines = options.keep === true ? [] : undefined;
    this.#secrets = options.secrets ?? [];
    this.#onSecret = options.onSecret ?? ((): void => undefined);
  }

  /** Adds a record. `body` is the inside of a JSON object: `"call":"clock.arm","timer":"x"`. */
  record(source: TraceSource, body: string): void {
    if (this.#digest !== undefined) return;
    const now = this.#now();
    if (now !== this.#time) {
      this.#time = now;
      this.#timeText = `,"t":${String(now)},"p":"`;
    }
    const number = ++this.#number;
    const line = `{"n":${String(number)}${this.#timeText}${source}",${body}}`;
    this.#last[number % LAST_LINES] = line;
    this.#lines?.push(line);
    if (this.#secrets.length > 0) this.#search(line);
    this.#chunk += `${line}\n`;
    if (this.#chunk.length >= CHUNK_CHARS) this.#flush();
  }

  /** How many records there are. */
  get count(): number {
    return this.#number;
  }

  /** SHA-256 of all lines, in hex. Closes the trace: later records are dropped. */
  digest(): string {
    if (this.#digest === undefined) {
      this.#flush();
      this.#digest = this.#hash.digest("hex");
    }
    return this.#digest;
  }

  /** Every line, if they were kept. */
  lines(): readonly string[] {
    return this.#lines ?? [];
  }

  /** The last lines, oldest first (at most `LAST_LINES`). */
  lastLines(): readonly string[] {
    const lines: string[] = [];
    for (let number = Math.max(1, this.#number - LAST_LINES + 1); number <= this.#number; number++) {
      lines.push(this.#last[number % LAST_LINES] ?? "");
    }
    return lines;
  }

  #flush(): void {
    this.#hash.update(this.#chunk, "utf8");
    this.#chunk = "";
  }

  #search(line: string): void {
    for (const secret of this.#secrets) {
      if (line.includes(secret)) {
        this.#onSecret(line.replaceAll(secret, "<secret>"));
        return;
      }
    }
  }
}
