/** What `udevadm monitor --kernel --property` prints, turned back into the kernel's messages. */
import { EncodeError } from "../../core/codec/error.js";
import { encodeUevent, UEVENT_BYTES_MAX } from "../../core/codec/uevent.js";

export type Printed =
  /** It listens: it says so once, before the first event. */
  | { readonly kind: "listening" }
  | { readonly kind: "uevent"; readonly message: Uint8Array }
  /** A record that cannot be one: too long, or not what the kernel sends. */
  | { readonly kind: "lost" };

const HEADER = "KERNEL[";
const DEVICES = "/dev/";
/** Printed last; the kernel writes them before the name of the device that they belong to. */
const NUMBERS: ReadonlySet<string> = new Set(["MAJOR", "MINOR"]);

/**
 * Takes its output in pieces. Each event is a header line, a line a property, and an empty line (systemd 252). MAJOR and
 * MINOR come last there, and DEVNAME with its folder: both are put back as the kernel has them.
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
    // The rest of a line that is too long for any record is not kept.
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

/** `undefined` where the properties are not those of an event. */
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
