/** Who this host is: read from sys.conf at the start, and again at a reload. */
import { parseSysConfig } from "./config/sys.js";
import type { HostIdentity } from "./config/types.js";
import { log, sayOnce, unsay, type Context } from "./state/context.js";
import { registerAnew } from "./controller/registration.js";
import { ERRNO, errnoName } from "./domain/errno.js";
import { reportNotes } from "./controller/services.js";
import { discoveryControllers } from "./staf/service.js";

export const SYS_CONFIG = "/etc/stas/sys.conf";

/** The identity as files have it now, or why it is not known. */
function readIdentity(context: Context): HostIdentity | string {
  const { store } = context.ports;
  const readText = (path: string): string | undefined => {
    const read = store.read(path);
    return read.ok ? read.text : undefined;
  };
  const file = store.read(SYS_CONFIG);
  if (!file.ok && file.errno !== ERRNO.ENOENT) return `${SYS_CONFIG} cannot be read (${errnoName(file.errno)})`;
  const parsed = parseSysConfig(SYS_CONFIG, file.ok ? file.text : "", readText);
  reportNotes(context, parsed.notes);
  if (!parsed.ok) return `${SYS_CONFIG} is not valid`;
  return parsed.value.kind === "known" ? parsed.value.identity : parsed.value.because;
}

/** At the start. Nothing can be connected without an identity: false where there is none. */
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
 * At a reload, before staf reads every page again: with that, a new symbolic name is told to whoever takes registrations. Connections are made with the
 * host NQN and id of the start, since the kernel refuses a second identity beside those that it holds.
 */
export function reloadIdentity(context: Context): void {
  const { state } = context;
  const before = state.identity;
  if (before === undefined) return;
  const read = readIdentity(context);
  const mark = "identity";
  if (typeof read === "string") {
    sayOnce(context, mark, "error", `${read}: this host goes on as ${before.hostNqn}. Mend the file and reload.`);
    return;
  }
  unsay(context, mark);
  reportChange(context, "host NQN", before.hostNqn, read.hostNqn);
  reportChange(context, "host id", before.hostId, read.hostId);
  state.identity = { ...before, hostKey: read.hostKey, symname: read.symname };
  if (read.symname === before.symname || state.staf === undefined) return;
  log(context, "info", `the symbolic name of this host is ${read.symname ?? "none"} from now on`);
  for (const dc of discoveryControllers(context)) registerAnew(context, dc);
}

/** Once a value. */
function reportChange(context: Context, what: string, inForce: string, found: string): void {
  if (found === inForce) return;
  const text = `the ${what} is ${found} in the files now, and stays ${inForce} until the daemon is restarted`;
  sayOnce(context, `${what} ${found}`, "warning", text);
}
