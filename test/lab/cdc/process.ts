/** A CDC in a separate process: for a check that blocks while a host connects, or for another network namespace. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CdcControl, Options } from "./cdc.js";
import { WiredCdc } from "./wire.js";

const PROGRAM = fileURLToPath(new URL("main.js", import.meta.url));

/**
 * Starts a CDC in a new process. It ends on `close`, or with the process that started it. It needs built code.
 * @param inside a command prefix, such as `["nsenter", "-t", "4711", "-n"]`
 */
export async function startCdcProcess(options: Options, inside: readonly string[] = []): Promise<CdcControl> {
  const [command = process.execPath, ...args] = [...inside, process.execPath, PROGRAM];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.on("error", () => child.stdout.destroy());
  return WiredCdc.start(options, child.stdout, child.stdin);
}
