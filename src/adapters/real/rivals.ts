/** Another process that already does the work of one of our services: where it shows, and what to do about it. */
import { basename } from "node:path";
import { readWhole } from "./files.js";

/** Where it shows: it holds the lock of a service, or owns the name of one on the bus. */
export interface Rival {
  readonly holds: "lock" | "name";
  /** The path of the lock, or the name. */
  readonly what: string;
  /** `undefined` if unknown. */
  readonly pid: number | undefined;
}

/** One sentence without a full stop, with what to do. */
export function rivalText({ holds, what, pid }: Rival): string {
  const process = pid === undefined ? undefined : lookAt(pid);
  const shows = holds === "lock" ? `holds the lock ${what}` : `owns ${what} on D-Bus`;
  if (process?.program !== undefined) {
    const who = `${process.program} of nvme-stas (pid ${String(pid)})`;
    return `${who} ${shows}. It does the same work. End it for good with: systemctl disable --now stafd stacd`;
  }
  const who = pid === undefined ? "another daemon" : `another daemon (pid ${String(pid)})`;
  if (process?.isZombie === true)
    return `${who} ${shows}. It was ended, but the kernel still holds one of its calls, for about a minute at most. Wait until that process is gone`;
  return `${who} ${shows}. Stop it first`;
}

/** What /proc says about a process. `program`: the service of nvme-stas that it is. */
function lookAt(pid: number): { readonly program: string | undefined; readonly isZombie: boolean } {
  const read = (file: string): string => {
    const text = readWhole(`/proc/${String(pid)}/${file}`);
    return text.ok ? text.value.toString("latin1") : "";
  };
  // An interpreter's command line names the script after the interpreter and its options.
  const words = read("cmdline")
    .split("\0")
    .map((word) => basename(word));
  const stat = read("stat");
  return {
    program: words.find((word) => word === "stafd" || word === "stacd"),
    isZombie: stat.slice(stat.lastIndexOf(")")).startsWith(") Z"),
  };
}
