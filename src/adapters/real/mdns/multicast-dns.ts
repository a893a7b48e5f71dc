/**
 * The package multicast-dns opens, joins and closes sockets. It never sees a datagram: the core's decoder reads the bytes and
 * decides.
 */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";

/** The part of a socket that the package uses. It never sends through the socket and gets no `message` event. */
export interface MulticastSocket extends EventEmitter {
  bind(port: number, address: string, bound: () => void): void;
  /** Throws an error with an errno. `iface` is the value of the option `interface`. */
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
  /** Turns off the timer that joins again every 5 s: a membership by interface index does not need it. */
  readonly multicast: false;
}

export interface MulticastDns extends EventEmitter {
  /** Joins, unless it has joined already. */
  update(): void;
  /** Leaves, and closes the socket. */
  destroy(): void;
}

/** Loads the package with the first socket: a daemon that asks Avahi does not need it. */
export function multicastDns(options: Options): MulticastDns {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the package has no types
  const make = createRequire(import.meta.url)("multicast-dns") as (options: Options) => MulticastDns;
  return make(options);
}
