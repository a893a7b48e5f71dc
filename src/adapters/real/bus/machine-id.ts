/** The id of this host (machine-id(5)). */
import { readWhole } from "../files.js";

/** The file of systemd, and the one of hosts without systemd. */
const PATHS = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/** 32 hexadecimal digits; `undefined` if this host has no machine id. */
export function readMachineId(): string | undefined {
  for (const path of PATHS) {
    const file = readWhole(path);
    const id = file.ok ? file.value.toString("latin1").trim() : "";
    if (/^[0-9a-f]{32}$/.test(id)) return id;
  }
  return undefined;
}
