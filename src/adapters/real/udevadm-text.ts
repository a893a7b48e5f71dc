/** Turns the output of `udevadm monitor --kernel --property` back into the kernel's messages. */
import { EncodeError } from "../../core/codec/error.js";
import { encodeUevent, UEVENT_BYTES_MAX } from "../../core/codec/uevent.js";

export type Printed =
  /** udevadm listens. It says so once, before the first event. */
  | { readonly kind: "listening" }
  | { readonly kind: "uevent"; readonly message: Uint8Array }
  /** A record that is too long or cannot come from the kernel. */
  | { readonly kind: "lost" };

const HEADER = "KERNEL[";
const DEVICES = "/dev/";
/** udevadm prints them last; the kernel writes them before the device name they belong to. */
const NUMBERS: ReadonlySet<string> = new Set(["MAJOR", "MINOR"]);

/**
 * Parses the output piece by piece. An event is a header line, one line per property, and an empty line (systemd 252). There,
 * MAJOR and MINOR come last, and DEVNAME includes the folder; both are restored to the kernel's form.
 */
export class MonitorText {
  #rest = "";
  #record: string[] = [];
  #bytes = 0;
  #listening = false;

  push(text: string): readonly Printed[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    const printed: Printed[] = [];
    for (const line of lines) {
      if (line === "") printed.push(this.#end());
      else this.#add(line);
    }
    // Discards the rest of a line that is too long for any record.
    if (this.#rest.length > UEVENT_BYTES_MAX) this.#rest = this.#rest.slice(0, UEVENT_BYTES_MAX + 1);
    return printed;
  }

  #add(line: string): void {
    this.#bytes += line.length + 1;
    if (this.#bytes <= UEVENT_BYTES_MAX) this.#record.push(line);
  }

  #end(): Printed {
    const record = this.#record;
    const isWhole = this.#bytes <= UEVENT_BYTES_MAX;
    this.#record = [];
    this.#bytes = 0;
    if (!this.#listening) {
      this.#listening = true;
      return { kind: "listening" };
    }
    const message = isWhole && record[0]?.startsWith(HEADER) === true ? encodeRecord(record.slice(1)) : undefined;
    return message === undefined ? { kind: "lost" } : { kind: "uevent", message };
  }
}

/** `undefined` if the properties do not form an event. */
function encodeRecord(lines: readonly string[]): Uint8Array | undefined {
  const found = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf("=");
    if (equals <= 0) return undefined;
    found.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const take = (key: string): string | undefined => {
    const value = found.get(key);
    found.delete(key);
    return value;
  };
  const [action, devpath, subsystem, seqnum] = ["ACTION", "DEVPATH", "SUBSYSTEM", "SEQNUM"].map(take);
  if (action === undefined || devpath === undefined || subsystem === undefined || seqnum === undefined)
    return undefined;
  const numbers = [...found].filter(([key]) => NUMBERS.has(key));
  const properties = new Map<string, string>();
  for (const [key, value] of found) {
    if (NUMBERS.has(key)) continue;
    if (key === "DEVNAME") for (const [name, number] of numbers) properties.set(name, number);
    properties.set(key, key === "DEVNAME" && value.startsWith(DEVICES) ? value.slice(DEVICES.length) : value);
  }
  try {
    return encodeUevent({ action, devpath, subsystem, seqnum: Number(seqnum), properties });
  } catch (error) {
    if (error instanceof EncodeError) return undefined;
    throw error;
  }
}
