/** One lock per service in the run folder, so that two daemons never serve it at once. It works without a bus. */
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { errnoName } from "../../core/domain/errno.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { LogPort } from "../../core/ports/log.js";
import { attempt } from "../shared/os-error.js";
import { tryLock } from "./file-lock.js";
import { readWhole } from "./files.js";
import type { Libc } from "./libc.js";
import type { Rival } from "./rivals.js";

const { O_RDWR, O_CREAT, O_NOFOLLOW, O_RDONLY, O_NONBLOCK } = constants;

/** A lock that is held is tried again after this time: its process may be ending. */
const RETRY_MS = 100;

interface LockParts {
  readonly libc: Libc | undefined;
  /** The folder of the records; /run unless `--run-dir` says otherwise. */
  readonly runDir: string;
  readonly services: readonly ServiceName[];
}

function lockPath(runDir: string, service: ServiceName): string {
  return join(runDir, "stas", `${service}.lock`);
}

/** The locks that one process holds. */
export class RunLocks {
  readonly #parts: LockParts;
  readonly #log: LogPort;
  readonly #held: number[] = [];

  constructor(parts: LockParts, log: LogPort) {
    this.#parts = parts;
    this.#log = log;
  }

  /**
   * Takes the lock of each service. Waits up to `patience` milliseconds for one that is held. Returns who holds one after that;
   * then this process holds none. A lock that cannot be had here at all is logged and left out.
   */
  async take(patience: number): Promise<Rival | undefined> {
    const { runDir, services } = this.#parts;
    for (const path of services.map((service) => lockPath(runDir, service))) {
      if (await this.#takeOne(path, patience)) continue;
      this.release();
      return holderOf(path);
    }
    return undefined;
  }

  /** Releases all locks. The end of the process does it only once the kernel lets go of its last call. */
  release(): void {
    for (const fd of this.#held.splice(0)) closeSync(fd);
  }

  /** False if another process holds it. */
  async #takeOne(path: string, patience: number): Promise<boolean> {
    const opened = attempt(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      return openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
    });
    if (!opened.ok) {
      this.#complain(path, `cannot be opened (${errnoName(opened.errno)})`);
      return true;
    }
    const fd = opened.value;
    for (let waited = 0; ; waited += RETRY_MS) {
      const outcome = tryLock(this.#parts.libc, fd, "exclusive");
      if (outcome === "held" && waited < patience) {
        await pause(RETRY_MS);
        continue;
      }
      if (outcome !== "locked") closeSync(fd);
      if (outcome === "held") return false;
      if (outcome === "unknown") this.#complain(path, "cannot be locked");
      else {
        this.#held.push(fd);
        attempt(() => {
          ftruncateSync(fd);
          writeSync(fd, `${String(process.pid)}\n`, 0);
        });
      }
      return true;
    }
  }

  #complain(path: string, problem: string): void {
    const text = `${path} ${problem}, so this daemon does not notice a second one beside it: make its folder writable for the service`;
    this.#log.write({ level: "warning", text });
  }
}

/** Who holds the locks of these services now. Changes nothing. */
export function lockHolders({ libc, runDir, services }: LockParts): readonly Rival[] {
  return services
    .map((service) => lockPath(runDir, service))
    .filter((path) => isHeld(libc, path))
    .map(holderOf);
}

function isHeld(libc: Libc | undefined, path: string): boolean {
  const opened = attempt(() => openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
  if (!opened.ok) return false;
  try {
    return tryLock(libc, opened.value, "shared") === "held";
  } finally {
    closeSync(opened.value);
  }
}

/** The file holds the process number of its last holder. */
function holderOf(path: string): Rival {
  const read = readWhole(path);
  const text = read.ok ? read.value.toString("latin1").trim() : "";
  return { holds: "lock", what: path, pid: /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined };
}
