/** Reads kernel uevents without native code, from `udevadm monitor` as a child process. */
import { spawn, type ChildProcess } from "node:child_process";
import { Milliseconds } from "../../core/domain/units.js";
import type { Deliver } from "./deliver.js";
import { attempt } from "../shared/os-error.js";
import { MonitorText, type Printed } from "./udevadm-text.js";
import { helperEnvironment } from "./helper-environment.js";

const MONITOR: readonly string[] = ["udevadm", "monitor", "--kernel", "--property", "--subsystem-match=nvme"];

/** The pause before a restart. It doubles each time, until the child has lasted `LONGEST_PAUSE`. */
const FIRST_PAUSE = Milliseconds(1_000);
const LONGEST_PAUSE = Milliseconds(60_000);

interface MonitorParts {
  readonly deliver: Deliver;
  /** Events were lost or may have been lost. */
  readonly overflow: () => void;
  /** The child ended or did not start; `again`: the pause before the next start. */
  readonly ended: (again: Milliseconds) => void;
  /** Absent: systemd's udevadm. */
  readonly command?: readonly string[];
  readonly firstPause?: Milliseconds;
}

/**
 * Delivers the kernel's uevents of subsystem `nvme` as messages. Events before the child listens, and after it ends, are lost. So
 * each start and each end is reported as an overflow.
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

  /** Ends the child. Delivers nothing afterwards. */
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
    // When the process has no free descriptor, there is no stdout.
    child.stdout?.setEncoding("latin1");
    child.stdout?.on("data", (piece: string) => {
      for (const printed of text.push(piece)) if (this.#child === child) this.#tell(printed);
    });
    const ended = (): void => {
      if (this.#child === child) this.#ended();
    };
    // `error` if it does not start; `close` once it has ended and its output is read.
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
