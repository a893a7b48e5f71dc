/** Sends and receives mDNS datagrams on every interface that the core queries. */
import type { RemoteInfo } from "node:dgram";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DNS_MESSAGE_BYTES_MAX } from "../../../core/codec/dns.js";
import { ERRNO, errnoName } from "../../../core/domain/errno.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { MdnsPort } from "../../../core/ports/mdns.js";
import type { Deliver } from "../deliver.js";
import type { Libc } from "../libc.js";
import { interfaceIndex, SYS_CLASS_NET } from "../network/interfaces.js";
import { attempt, errnoOf } from "../../shared/os-error.js";
import { CallFailed, GROUP, LinkSocket, MDNS_PORT, type Family } from "./link-socket.js";
import { multicastDns, type MulticastDns } from "./multicast-dns.js";
import { RateLimit } from "./rate-limit.js";

/**
 * Datagrams accepted per second from one interface and family; the rest are dropped. A thousand services that announce themselves
 * at once stay below it.
 */
export const DATAGRAMS_PER_SECOND_MAX = 2_000;

/** IFF_MULTICAST in the flags of an interface (netdevice(7)). */
const MULTICAST = 0x1000;

interface RealMdnsOptions {
  /** Without the C library no socket can be tied to one interface, so the port sends nothing. */
  readonly libc: Libc | undefined;
  readonly deliver: Deliver;
  readonly log: LogPort;
  /** Replaces /sys/class/net. */
  readonly sysClassNet?: string;
}

interface Opened {
  readonly socket: LinkSocket;
  readonly mdns: MulticastDns;
  /** The index of the interface when the socket was opened. */
  readonly index: number;
}

/** An interface and family that the core queries and has not left. */
interface Place {
  readonly hostIface: string;
  readonly family: Family;
  readonly rate: RateLimit;
  opened: Opened | undefined;
  /** The errnos logged since the last datagram was sent. */
  readonly complained: Set<number>;
}

/** Logs a failure once, and tries again with the next datagram to send. */
export class RealMdns implements MdnsPort {
  readonly #options: RealMdnsOptions;
  readonly #sysClassNet: string;
  readonly #places = new Map<string, Place>();
  #lackTold = false;

  constructor(options: RealMdnsOptions) {
    this.#options = options;
    this.#sysClassNet = options.sysClassNet ?? SYS_CLASS_NET;
  }

  send(hostIface: string, family: Family, datagram: Uint8Array): void {
    const { libc } = this.#options;
    if (libc === undefined) {
      this.#sayLack();
      return;
    }
    const place = this.#placeOf(hostIface, family);
    // A new index means a new interface under the old name.
    const isStale = place.opened !== undefined && place.opened.index !== interfaceIndex(this.#sysClassNet, hostIface);
    if (isStale) closePlace(place);
    const made = attempt(() => (place.opened ??= this.#open(libc, place)));
    if (!made.ok) {
      this.#complain(place, made.errno);
      return;
    }
    made.value.socket.send(datagram, (error) => {
      if (error === null) place.complained.clear();
      else this.#notSent(place, made.value, errnoOf(error));
    });
  }

  leave(hostIface: string): void {
    for (const family of ["ipv4", "ipv6"] as const) {
      const key = placeKey(hostIface, family);
      const place = this.#places.get(key);
      if (place !== undefined) closePlace(place);
      this.#places.delete(key);
    }
  }

  close(): void {
    for (const place of this.#places.values()) closePlace(place);
    this.#places.clear();
  }

  #placeOf(hostIface: string, family: Family): Place {
    const key = placeKey(hostIface, family);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const rate = new RateLimit(DATAGRAMS_PER_SECOND_MAX, () => {
      const text = `mDNS: a flood of datagrams on ${hostIface}: those beyond ${String(DATAGRAMS_PER_SECOND_MAX)} per second are dropped`;
      this.#options.log.write({ level: "warning", text });
    });
    const place: Place = { hostIface, family, rate, opened: undefined, complained: new Set() };
    this.#places.set(key, place);
    return place;
  }

  /** Throws an error with an errno: ENODEV without the interface, EOPNOTSUPP if it has no multicast. */
  #open(libc: Libc, place: Place): Opened {
    const { hostIface, family } = place;
    const index = this.#indexOf(hostIface);
    const heard = (datagram: Uint8Array, from: RemoteInfo): void => {
      this.#heard(place, datagram, from);
    };
    const socket = new LinkSocket({ libc, hostIface, index, family, heard });
    socket.on("error", (error) => {
      this.#failed(place, opened, errnoOf(error));
    });
    const ip = GROUP[family];
    const type = family === "ipv4" ? "udp4" : "udp6";
    const mdns = multicastDns({ socket, type, ip, port: MDNS_PORT, bind: ip, interface: hostIface, multicast: false });
    const opened: Opened = { socket, mdns, index };
    // The package reports a failure and goes on. A socket that has not joined is useless here.
    const failures: unknown[] = [];
    for (const name of ["error", "warning"]) mdns.on(name, (error: unknown) => failures.push(error));
    mdns.update();
    if (failures.length === 0) return opened;
    mdns.destroy();
    throw failures[0];
  }

  #indexOf(hostIface: string): number {
    const index = interfaceIndex(this.#sysClassNet, hostIface);
    if (index === undefined) throw new CallFailed(ERRNO.ENODEV);
    const flags = Number(readFileSync(join(this.#sysClassNet, hostIface, "flags"), "latin1"));
    if ((flags & MULTICAST) === 0) throw new CallFailed(ERRNO.EOPNOTSUPP);
    return index;
  }

  /** Accepts datagrams from the mDNS port only (RFC 6762, section 6), and none longer than a message may be. */
  #heard({ hostIface, family, rate, opened }: Place, datagram: Uint8Array, { address, port }: RemoteInfo): void {
    if (opened === undefined || !rate.take() || port !== MDNS_PORT || datagram.length > DNS_MESSAGE_BYTES_MAX) return;
    const [from = ""] = address.split("%");
    this.#options.deliver({ kind: "mdns-datagram", hostIface, family, from, datagram });
  }

  /** A socket whose interface is gone is closed; any other keeps receiving. */
  #notSent(place: Place, opened: Opened, errno: number): void {
    if (errno === ERRNO.ENODEV) this.#failed(place, opened, errno);
    else if (place.opened === opened) this.#complain(place, errno);
  }

  #failed(place: Place, opened: Opened, errno: number): void {
    if (place.opened !== opened) return;
    closePlace(place);
    this.#complain(place, errno);
  }

  #complain({ hostIface, family, complained }: Place, errno: number): void {
    if (complained.has(errno)) return;
    complained.add(errno);
    const over = family === "ipv4" ? "IPv4" : "IPv6";
    const why = errno === ERRNO.EOPNOTSUPP ? "it has no multicast" : errnoName(errno);
    const level = OF_THE_INTERFACE.includes(errno) ? "info" : "warning";
    const text = `mDNS: no query can be sent on ${hostIface} over ${over} (${why}): the daemon tries again with the next query`;
    this.#options.log.write({ level, text });
  }

  #sayLack(): void {
    if (this.#lackTold) return;
    this.#lackTold = true;
    const text =
      "mDNS: koffi does not load, so the daemon cannot send queries on a single interface: install avahi-daemon, or the koffi package for this architecture";
    this.#options.log.write({ level: "error", text });
  }
}

/** The errnos of an interface that has no multicast, carrier or address, or is gone. */
const OF_THE_INTERFACE: readonly number[] = [
  ERRNO.EOPNOTSUPP,
  ERRNO.ENODEV,
  ERRNO.ENETDOWN,
  ERRNO.ENETUNREACH,
  ERRNO.EADDRNOTAVAIL,
];

function placeKey(hostIface: string, family: Family): string {
  return `${family} ${hostIface}`;
}

function closePlace(place: Place): void {
  const { opened } = place;
  place.opened = undefined;
  opened?.mdns.destroy();
}
