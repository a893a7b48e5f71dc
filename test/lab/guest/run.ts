/** Commands in the guest. */
import { spawnSync } from "node:child_process";

/** A command ended with a status other than 0. */
class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/** Longer than any command of the lab takes. */
const LIMIT_MS = 30_000;

/** Runs a command to its end and returns its output without the final newline. */
export function run(command: string, args: readonly string[]): string {
  const ran = spawnSync(command, args, { encoding: "utf8", timeout: LIMIT_MS });
  if (ran.status === 0) return ran.stdout.trimEnd();
  const said = ran.error === undefined ? ran.stderr.trim() : ran.error.message;
  throw new CommandFailed(`${[command, ...args].join(" ")}: status ${String(ran.status)}: ${said}`);
}
