/** Processes that run beside a check: the daemon, a bus, udev. Keeps their output. */
import { type ChildProcess, spawn } from "node:child_process";
import { type Seconds, Seconds as seconds } from "../../../src/core/domain/units.js";
import { waitFor } from "./wait.js";

/** The number of output lines to keep; older ones are dropped. */
const MAX_LINES = 20_000;

/** A killed process still waits for its calls in the kernel: a delete over a dead link takes 63 s. */
const KILL_LIMIT = seconds(80);

/** How a process ended. */
interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process with its output as lines. */
export class Service {
  readonly what: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #ended: Ended | undefined;

  constructor(
    what: string,
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.what = what;
    this.#child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
    this.#child.on("error", (error) => this.#lines.push(`does not start: ${error.message}`));
    this.#child.on("exit", (status, signal) => (this.#ended = { status, signal }));
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on("data", this.#collector());
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Its output so far, oldest line first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Undefined while it runs. */
  get ended(): Ended | undefined {
    return this.#ended;
  }

  /** Waits for a line that matches, and returns it. `from` skips earlier lines. */
  async says(pattern: RegExp, limit: Seconds, from = 0): Promise<string> {
    return waitFor(
      `${this.what} to say ${String(pattern)}`,
      limit,
      () => this.#lines.slice(from).find((line) => pattern.test(line)),
      () => this.#lines.at(-1) ?? "nothing",
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals, limit: Seconds): Promise<Ended> {
    this.signal(signal);
    return waitFor(`${this.what} to end after ${signal}`, limit, () => this.#ended);
  }

  /** Kills the process if it still runs, and waits for its end. */
  async kill(): Promise<void> {
    if (this.#ended === undefined && this.#child.pid !== undefined) await this.end("SIGKILL", KILL_LIMIT);
  }

  /** Collects one stream's lines. A line may arrive in pieces. */
  #collector(): (bytes: Buffer) => void {
    let rest = "";
    return (bytes) => {
      const lines = (rest + bytes.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#lines.splice(0, Math.max(0, this.#lines.length - MAX_LINES));
    };
  }
}
