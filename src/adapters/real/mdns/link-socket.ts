/**
 * A UDP socket for one interface and family, bound to the address of the mDNS group. It receives only datagrams sent to the group
 * on this interface: no unicast datagram reaches it from anywhere, and it takes none from an avahi-daemon on the same port.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { parseIp, type IpAddress } from "../../../core/domain/ip-address.js";
import type { CallResult, Libc } from "../libc.js";
import { encodeSockaddr, familyOf } from "../network/target.js";
import type { MulticastSocket } from "./multicast-dns.js";

export type Family = "ipv4" | "ipv6";

export const MDNS_PORT = 5353;
export const GROUP: Readonly<Record<Family, string>> = { ipv4: "224.0.0.251", ipv6: "ff02::fb" };

const SOCK_DGRAM_CLOEXEC_NONBLOCK = 0o2004002;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const SO_BINDTODEVICE = 25;
const SO_RCVBUFFORCE = 33;
/** A thousand services that announce themselves at once, in a datagram each: the kernel counts about 2 KiB for one. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** RFC 6762, section 11. */
const TTL = 255;

/** Socket options by family (Linux: ip(7), ipv6(7)). */
const OPTIONS = {
  ipv4: { level: 0, join: 35, leave: 36, outgoing: 32, ttl: 33, loop: 34 },
  ipv6: { level: 41, join: 20, leave: 21, outgoing: 17, ttl: 18, loop: 19 },
} as const;
const IPV6_V6ONLY = 26;

/** A system call failed. `errno` is negative, as in Node's errors. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  readonly errno: number;

  constructor(errno: number) {
    super(`errno ${String(errno)}`);
    this.errno = -errno;
  }
}

interface LinkSocketOptions {
  readonly libc: Libc;
  readonly hostIface: string;
  /** The index of the interface. */
  readonly index: number;
  readonly family: Family;
  readonly heard: (datagram: Uint8Array, from: RemoteInfo) => void;
}

/** After an `error` event the socket is unusable. */
export class LinkSocket extends EventEmitter implements MulticastSocket {
  readonly #libc: Libc;
  readonly #index: number;
  readonly #family: Family;
  readonly #group: IpAddress;
  readonly #fd: number;
  readonly #socket: Socket;

  /** Throws CallFailed with the kernel's errno: ENODEV if the interface is gone. */
  constructor({ libc, hostIface, index, family, heard }: LinkSocketOptions) {
    super();
    const group = parseIp(GROUP[family]);
    if (group === undefined) throw new Error("the mDNS group is not an IP address");
    this.#libc = libc;
    this.#index = index;
    this.#family = family;
    this.#group = group;
    this.#fd = must(libc.socket(familyOf(group), SOCK_DGRAM_CLOEXEC_NONBLOCK, 0));
    try {
      this.#set(SOL_SOCKET, SO_REUSEADDR, uint32(1));
      this.#set(SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(hostIface));
      const size = uint32(RECEIVE_BUFFER_BYTES);
      // Without CAP_NET_ADMIN: as much as net.core.rmem_max allows. The core asks again for what does not fit.
      if (!libc.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, size).ok) this.#set(SOL_SOCKET, SO_RCVBUF, size);
      const { level, ttl, loop } = OPTIONS[family];
      this.#set(level, ttl, uint32(TTL));
      // Other responders on this host must receive our queries (RFC 6762, section 15.1).
      this.#set(level, loop, uint32(1));
      if (family === "ipv6") this.#set(level, IPV6_V6ONLY, uint32(1));
    } catch (error) {
      libc.close(this.#fd);
      throw error;
    }
    this.#socket = createSocket(family === "ipv4" ? "udp4" : "udp6");
    this.#socket.on("message", heard);
    this.#socket.on("error", (error) => this.emit("error", error));
  }

  /** Binds to the group and ignores `_address`. */
  bind(port: number, _address: string, bound: () => void): void {
    try {
      must(this.#libc.bind(this.#fd, encodeSockaddr(this.#group, port, this.#index)));
      this.#socket.bind({ fd: this.#fd });
    } catch (error) {
      this.#libc.close(this.#fd);
      this.#socket.close();
      throw error;
    }
    bound();
  }

  /** Joins by the index of the interface: an address may be on several interfaces, and may change. */
  addMembership(): void {
    const { level, join } = OPTIONS[this.#family];
    this.#set(level, join, this.#membership());
  }

  dropMembership(): void {
    const { level, leave } = OPTIONS[this.#family];
    this.#set(level, leave, this.#membership());
  }

  setMulticastInterface(): void {
    const { level, outgoing } = OPTIONS[this.#family];
    this.#set(level, outgoing, this.#family === "ipv4" ? this.#membership() : uint32(this.#index));
  }

  /** Sends to the group. */
  send(datagram: Uint8Array, done: (error: Error | null) => void): void {
    this.#socket.send(datagram, MDNS_PORT, GROUP[this.#family], done);
  }

  close(closed?: () => void): void {
    this.#socket.close(closed);
  }

  /** struct ip_mreqn without an interface address, or struct ipv6_mreq. */
  #membership(): Uint8Array {
    const { text } = this.#group;
    if (this.#family === "ipv4")
      return Buffer.concat([Buffer.from(text.split(".").map(Number)), uint32(0), uint32(this.#index)]);
    return Buffer.concat([encodeSockaddr(this.#group, 0, 0).subarray(8, 24), uint32(this.#index)]);
  }

  #set(level: number, option: number, value: Uint8Array): void {
    must(this.#libc.setsockopt(this.#fd, level, option, value));
  }
}

function must(result: CallResult): number {
  if (result.ok) return result.value;
  throw new CallFailed(result.errno);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
