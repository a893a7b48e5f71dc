/** Locks on open files, flock(2). The kernel releases them when their process ends, however it ends. */
import { spawnSync } from "node:child_process";
import { ERRNO } from "../../core/domain/errno.js";
import { helperEnvironment } from "./helper-environment.js";
import type { Libc } from "./libc.js";

const OPERATION = { shared: 1, exclusive: 2 } as const;
const NON_BLOCKING = 4;

const COMMAND_OPTION = { shared: "-s", exclusive: "-x" } as const;
const COMMAND_LIMIT_MS = 5_000;

/** `held`: by another open of the file. `unknown`: this machine or this file system cannot lock. */
type LockOutcome = "locked" | "held" | "unknown";

/**
 * Tries once to lock an open file; the lock ends with `fd`. Without koffi it uses the command flock(1): the lock belongs to the
 * open file that the command inherits, so it outlives the command.
 */
export function tryLock(libc: Libc | undefined, fd: number, mode: keyof typeof OPERATION): LockOutcome {
  if (libc !== undefined) {
    const locked = libc.flock(fd, OPERATION[mode] | NON_BLOCKING);
    if (locked.ok) return "locked";
    return locked.errno === ERRNO.EAGAIN ? "held" : "unknown";
  }
  const { status } = spawnSync("flock", ["-n", COMMAND_OPTION[mode], "3"], {
    stdio: ["ignore", "ignore", "ignore", fd],
    timeout: COMMAND_LIMIT_MS,
    env: helperEnvironment(),
  });
  if (status === 0) return "locked";
  return status === 1 ? "held" : "unknown";
}
