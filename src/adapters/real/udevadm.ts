/** Kernel uevents without native code: `udevadm monitor` as a child process. */
import { spawn, type ChildProcess } from "node:child_process";
import { Milliseconds } from "../../core/domain/units.js";
import type { Deliver } from "./deliver.js";
import { attempt } from "./os-error.js";
import { MonitorText, type Printed } from "./udevadm-text.js";
import { helperEnvironment } from "./helper-environment.js";

const MONITOR: readonly string[] = ["udevadm", "monitor", "--kernel", "--property", "--subsystem-match=nvme"];

/** How soon it is started again; twice as long each time, until once it has lasted. */
const FIRST_PAUSE = Milliseconds(1_000);
const LONGEST_PAUSE = Milliseconds(60_000);

interface MonitorParts {
  readonly deliver: Deliver;
  /** Events were lost, or may have been. */
  readonly overflow: () => void;
  /** It ended, or does not start; `again`: in how long it is started once more. */
  readonly ended: (again: Milliseconds) => void;
  /** Absent: udevadm of systemd. */
  readonly command?: readonly string[];
  readonly firstPause?: Milliseconds;
}

/**
 * Delivers the kernel's uevents of subsystem `nvme` as messages. What happened before it listens is lost, so each time it
 * begins to, that is told as an overflow; and what was lost with it when it ended likewise.
 */
export class UdevadmMonitor {
  readonly #parts: MonitorParts;
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #firstPause: Milliseconds;
  #pause: Milliseconds;
  #child: ChildProcess | undefined;
  #startedAt = 0;
  #restart: NodeJS.Timeout | undefined;

  constructor(parts: MonitorParts) {
    const [command = "", ...args] = parts.command ?? MONITOR;
    this.#parts = parts;
    this.#command = command;
    this.#args = args;
    this.#firstPause = parts.firstPause ?? FIRST_PAUSE;
    this.#pause = this.#firstPause;
    this.#start();
  }

  /** Nothing is delivered after it. */
  close(): void {
    clearTimeout(this.#restart);
    this.#restart = undefined;
    this.#child?.kill();
    this.#child = undefined;
  }

  #start(): void {
    this.#restart = undefined;
    this.#startedAt = performance.now();
    const spawned = attempt<ChildProcess>(() =>
      spawn(this.#command, this.#args, { stdio: ["ignore", "pipe", "ignore"], env: helperEnvironment() }),
    );
    if (spawned.ok) this.#follow(spawned.value);
    else this.#ended();
  }

  #follow(child: ChildProcess): void {
    this.#child = child;
    const text = new MonitorText();
    // Without descriptors to spare there is no output either.
    child.stdout?.setEncoding("latin1");
    child.stdout?.on("data", (piece: string) => {
      for (const printed of text.push(piece)) if (this.#child === child) this.#tell(printed);
    });
    const ended = (): void => {
      if (this.#child === child) this.#ended();
    };
    // The one where it does not start, the other once it has ended and all its output is read.
    child.on("error", ended);
    child.on("close", ended);
  }

  #tell(printed: Printed): void {
    switch (printed.kind) {
      case "uevent":
        this.#parts.deliver({ kind: "uevent", message: printed.message });
        return;
      case "listening":
      case "lost":
        this.#parts.overflow();
        return;
    }
  }

  #ended(): void {
    this.#child = undefined;
    if (performance.now() - this.#startedAt > LONGEST_PAUSE) this.#pause = this.#firstPause;
    const pause = this.#pause;
    this.#pause = Milliseconds(Math.min(2 * pause, LONGEST_PAUSE));
    this.#parts.overflow();
    this.#parts.ended(pause);
    this.#restart = setTimeout(() => {
      this.#start();
    }, pause);
  }
}
