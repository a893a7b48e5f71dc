/**
 * The package multicast-dns, which opens, joins and closes. It never sees a datagram: what it would make of one is not what
 * decides, and the core's decoder wants the bytes.
 */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";

/** What it uses of a socket. It never sends through it, and hears no `message`. */
export interface MulticastSocket extends EventEmitter {
  bind(port: number, address: string, bound: () => void): void;
  /** Throws an error with the errno. `iface` is what it was given as `interface`, handed through. */
  addMembership(group: string, iface: string): void;
  dropMembership(group: string, iface: string): void;
  setMulticastInterface(iface: string): void;
  close(closed?: () => void): void;
}

interface Options {
  readonly socket: MulticastSocket;
  readonly type: "udp4" | "udp6";
  readonly ip: string;
  readonly port: number;
  readonly bind: string;
  readonly interface: string;
  /** Without it there is no timer that joins again every 5 s: a membership by the interface's number needs none. */
  readonly multicast: false;
}

export interface MulticastDns extends EventEmitter {
  /** Joins where that has not been done. */
  update(): void;
  /** Leaves, and closes the socket. */
  destroy(): void;
}

/** Loaded with the first socket: a daemon that asks Avahi does without. */
export function multicastDns(options: Options): MulticastDns {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the package has no types
  const make = createRequire(import.meta.url)("multicast-dns") as (options: Options) => MulticastDns;
  return make(options);
}
