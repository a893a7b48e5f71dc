import { Milliseconds } from "../../core/domain/units.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { SimClock } from "./clock.js";
import type { WorldObservation } from "./observation.js";
import type { SimProcess } from "./process.js";
import type { UeventFault } from "./spec.js";

/** Sets a fault on the way of uevents to the daemons. */
export interface UeventAction {
  readonly kind: "uevents";
  readonly fault: UeventFault;
}

/** Whose each of these actions is: see `TARGETS`. */
export const UEVENT_ACTIONS: Readonly<Record<UeventAction["kind"], "uevents">> = { uevents: "uevents" };

/** From a uevent to the daemon's main thread. Measured 0.2 ms, rounded up to a whole millisecond. */
const READ_TAKES = Milliseconds(1);

/** The header to show if a fault hit the whole socket and not one message. */
const WHOLE_SOCKET = "";

/** The netlink socket of one process. Messages wait until they are read. Messages that do not fit are lost for good. */
class UeventSocket {
  readonly #process: SimProcess;
  readonly #clock: SimClock;
  readonly #size: number;
  readonly #observe: (observation: WorldObservation) => void;
  #waiting: CoreEvent[] = [];
  #overflowed = false;
  #reading = false;

  /** `size`: how many messages fit. */
  constructor(process: SimProcess, clock: SimClock, size: number, observe: (observation: WorldObservation) => void) {
    this.#process = process;
    this.#clock = clock;
    this.#size = size;
    this.#observe = observe;
  }

  put(message: Uint8Array, header: string): void {
    if (this.#waiting.length >= this.#size) {
      this.#overflowed = true;
      this.#observe({ kind: "uevent", fate: "overflowed", header });
    } else {
      this.#waiting.push({ kind: "uevent", message });
    }
    this.#wake();
  }

  /** Loses all messages that wait, as an overrun would. */
  overflow(): void {
    this.#waiting = [];
    this.#overflowed = true;
    this.#observe({ kind: "uevent", fate: "overflowed", header: WHOLE_SOCKET });
    this.#wake();
  }

  #wake(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#clock.after(READ_TAKES, () => {
      this.#read();
    });
  }

  /** Linux returns ENOBUFS first, then what it received before the overrun. */
  #read(): void {
    this.#reading = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#overflowed) this.#process.deliver({ kind: "uevent-overflow" });
    this.#overflowed = false;
    for (const event of waiting) this.#process.deliver(event);
  }
}

type CountedFault = Extract<UeventFault, { readonly count: number }>;
type MessageFault = Exclude<CountedFault, { readonly kind: "flood" }>;

interface ActiveFault {
  readonly fault: MessageFault;
  /** The device names that the fault was set for. `undefined`: every device. */
  readonly names: ReadonlySet<string> | undefined;
  left: number;
}

/** Uevents of a busy host. All are well formed, and none is about an NVMe controller. */
const FOREIGN_EVENTS: readonly { readonly header: string; readonly message: Uint8Array }[] = [
  ["change@/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", "change", "block"],
  ["add@/devices/virtual/net/veth4f1c", "add", "net"],
  ["add@/devices/virtual/bdi/8:16", "add", "bdi"],
  ["remove@/devices/virtual/block/dm-7", "remove", "block"],
].map(([header = "", action = "", subsystem = ""]) => {
  const path = header.slice(action.length + 1);
  const fields = [header, `ACTION=${action}`, `DEVPATH=${path}`, `SUBSYSTEM=${subsystem}`, "SEQNUM=4711"];
  return { header, message: Buffer.from(`${fields.join("\0")}\0`, "latin1") };
});

/**
 * The way of uevents from the kernel to the sockets of the processes, and its faults.
 * If several faults match a message, the one that was set first applies.
 */
export class UeventPath {
  readonly #clock: SimClock;
  readonly #observe: (observation: WorldObservation) => void;
  readonly #namesOf: (target: string) => readonly string[];
  readonly #sockets: UeventSocket[] = [];
  #faults: ActiveFault[] = [];

  /** `namesOf`: the device names that a fabric id or device name stands for now. */
  constructor(
    clock: SimClock,
    observe: (observation: WorldObservation) => void,
    namesOf: (target: string) => readonly string[],
  ) {
    this.#clock = clock;
    this.#observe = observe;
    this.#namesOf = namesOf;
  }

  /** Binds a socket for a process, until the process ends. */
  bind(process: SimProcess, size: number): void {
    const socket = new UeventSocket(process, this.#clock, size, this.#observe);
    this.#sockets.push(socket);
    process.atEnd(() => {
      this.#sockets.splice(this.#sockets.indexOf(socket), 1);
    });
  }

  apply({ fault }: UeventAction): undefined {
    switch (fault.kind) {
      case "pass":
        this.#faults = [];
        return;
      case "overflow":
        for (const socket of this.#sockets) socket.overflow();
        return;
      case "flood":
        this.#flood(fault.count);
        return;
      case "lose":
      case "delay":
      case "double":
      case "truncate": {
        const device = fault.kind === "lose" ? fault.device : undefined;
        const names = device === undefined ? undefined : new Set([device, ...this.#namesOf(device)]);
        this.#faults.push({ fault, names, left: fault.count });
        return;
      }
    }
  }

  /** Sends a uevent of the kernel. `header`: its first part, `add@/devices/...`. */
  send(message: Uint8Array, header: string): void {
    const fault = this.#faults.length === 0 ? undefined : this.#take(header);
    switch (fault?.kind) {
      case undefined:
        this.#observe({ kind: "uevent", fate: "sent", header });
        this.#put(message, header);
        return;
      case "lose":
        this.#observe({ kind: "uevent", fate: "lost", header });
        return;
      case "delay":
        this.#observe({ kind: "uevent", fate: "delayed", header });
        this.#clock.after(fault.by, () => {
          this.#put(message, header);
        });
        return;
      case "double":
        this.#observe({ kind: "uevent", fate: "doubled", header });
        this.#put(message, header);
        this.#put(message, header);
        return;
      case "truncate":
        this.#observe({ kind: "uevent", fate: "truncated", header });
        this.#put(message.subarray(0, message.length >> 1), header);
        return;
    }
  }

  #put(message: Uint8Array, header: string): void {
    for (const socket of this.#sockets) socket.put(message, header);
  }

  #flood(count: number): void {
    for (let i = 0; i < count; i++) {
      const event = FOREIGN_EVENTS[i % FOREIGN_EVENTS.length];
      if (event !== undefined) this.#put(event.message, event.header);
    }
  }

  /** Finds the fault for a message and counts it down. */
  #take(header: string): MessageFault | undefined {
    const active = this.#faults.find((candidate) => this.#matches(candidate, header));
    if (active === undefined) return undefined;
    active.left -= 1;
    if (active.left <= 0) this.#faults.splice(this.#faults.indexOf(active), 1);
    return active.fault;
  }

  #matches({ fault, names }: ActiveFault, header: string): boolean {
    if (fault.kind !== "lose") return true;
    if (fault.action !== undefined && !header.startsWith(`${fault.action}@`)) return false;
    if (fault.device === undefined || names === undefined) return true;
    const name = header.slice(header.lastIndexOf("/") + 1);
    return names.has(name) || this.#namesOf(fault.device).includes(name);
  }
}
