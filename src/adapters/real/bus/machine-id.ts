/** The id of this host (machine-id(5)). */
import { readWhole } from "../files.js";

/** systemd's, and that of hosts without it. */
const PATHS = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/** 32 hexadecimal digits; `undefined` where this host has none. */
export function readMachineId(): string | undefined {
  for (const path of PATHS) {
    const file = readWhole(path);
    const id = file.ok ? file.value.toString("latin1").trim() : "";
    if (/^[0-9a-f]{32}$/.test(id)) return id;
  }
  return undefined;
}
