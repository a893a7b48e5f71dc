/** Commands in the guest. */
import { spawnSync } from "node:child_process";

/** A command that did not end with status 0. */
class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/** No command of the lab takes longer. */
const LIMIT_MS = 30_000;

/** Runs a command to its end and returns what it printed, without the last line end. */
export function run(command: string, args: readonly string[]): string {
  const ran = spawnSync(command, args, { encoding: "utf8", timeout: LIMIT_MS });
  if (ran.status === 0) return ran.stdout.trimEnd();
  const said = ran.error === undefined ? ran.stderr.trim() : ran.error.message;
  throw new CommandFailed(`${[command, ...args].join(" ")}: status ${String(ran.status)}: ${said}`);
}
