/** Reads the identity of this host from sys.conf, at the start and at a reload. */
import { parseSysConfig } from "./config/sys.js";
import type { HostIdentity } from "./config/types.js";
import { log, sayOnce, unsay, type Context } from "./state/context.js";
import { registerAnew } from "./controller/registration.js";
import { unreadable } from "./domain/advice.js";
import { ERRNO } from "./domain/errno.js";
import { reportNotes } from "./controller/services.js";
import { discoveryControllers } from "./staf/service.js";

export const SYS_CONFIG = "/etc/stas/sys.conf";

/** The identity that the files now give, or why it is not known. */
function readIdentity(context: Context): HostIdentity | string {
  const { store } = context.ports;
  const readText = (path: string): string | undefined => {
    const read = store.read(path);
    return read.ok ? read.text : undefined;
  };
  const path = store.locate(SYS_CONFIG);
  const file = store.read(SYS_CONFIG);
  if (!file.ok && file.errno !== ERRNO.ENOENT) return `${path} cannot be read (${unreadable(file.errno)})`;
  const parsed = parseSysConfig(path, file.ok ? file.text : "", readText);
  reportNotes(context, parsed.notes);
  if (!parsed.ok) return `${path} is not valid`;
  return parsed.value.kind === "known" ? parsed.value.identity : parsed.value.because;
}

/** Loads the identity at the start. Returns false if there is none: without it, nothing can be connected. */
export function loadIdentity(context: Context): boolean {
  const read = readIdentity(context);
  if (typeof read === "string") {
    log(context, "error", `nothing can be connected: ${read}`);
    return false;
  }
  context.state.identity = read;
  return true;
}

/**
 * Loads the identity at a reload, before staf reads every page again: a new symbolic name is registered with that. New
 * connections keep the host NQN and host id of the start: the kernel refuses a second identity beside the one in use.
 */
export function reloadIdentity(context: Context): void {
  const { state } = context;
  const before = state.identity;
  if (before === undefined) return;
  const read = readIdentity(context);
  const mark = "identity";
  if (typeof read === "string") {
    sayOnce(context, mark, "error", `${read}: this host remains ${before.hostNqn}. Mend the file and reload.`);
    return;
  }
  unsay(context, mark);
  reportChange(context, "host NQN", before.hostNqn, read.hostNqn);
  reportChange(context, "host id", before.hostId, read.hostId);
  state.identity = { ...before, hostKey: read.hostKey, symname: read.symname };
  if (read.symname === before.symname || state.staf === undefined) return;
  log(context, "info", `the symbolic name of this host is now ${read.symname ?? "none"}`);
  for (const dc of discoveryControllers(context)) registerAnew(context, dc);
}

/** Warns once per value. */
function reportChange(context: Context, what: string, inForce: string, found: string): void {
  if (found === inForce) return;
  const text = `the ${what} in the files is now ${found}: ${inForce} stays in use until the daemon restarts`;
  sayOnce(context, `${what} ${found}`, "warning", text);
}
