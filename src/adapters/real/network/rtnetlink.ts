/** Messages of rtnetlink(7), and dumps of links and addresses. Integers are in host byte order, which is little-endian here. */
import { ERRNO } from "../../../core/domain/errno.js";
import type { Libc } from "../libc.js";

export const AF_NETLINK = 16;
export const NETLINK_ROUTE = 0;
export const SOCK_RAW_CLOEXEC_NONBLOCK = 0o2004003;

/** Multicast groups of notifications. */
export const RTMGRP = { link: 0x1, ipv4Address: 0x10, ipv6Address: 0x100 } as const;

/** The kernel fills a datagram of a dump up to 32 KiB, or more if a single interface needs it. */
const DATAGRAM_BYTES = 64 << 10;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;

const NLM_F_REQUEST = 0x1;
const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x10;

const HEADER_BYTES = 16;
const ALIGNMENT = 4;

/** struct ifinfomsg: family @0, type @2, index @4, flags @8. */
const IFINFO = { bytes: 16, index: 4, flags: 8 } as const;
/** struct ifaddrmsg: family @0, prefix length @1, flags @2, scope @3, index @4. */
const IFADDR = { bytes: 8, family: 0, flags: 2, index: 4 } as const;

const IFF_LOOPBACK = 0x8;
/** Switched on (IFF_UP), and able to carry packets (IFF_RUNNING). */
const IFF_UP_RUNNING = 0x41;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_EXT_MASK = 29;
const RTEXT_FILTER_SKIP_STATS = 0x8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
/** The upper bits of an attribute's type are flags. */
const ATTRIBUTE_TYPE = 0x3fff;

export interface Link {
  readonly index: number;
  readonly name: string;
  /** The raw link-layer address; its length gives its kind. */
  readonly hardwareAddress: Uint8Array;
  readonly loopback: boolean;
  /** Switched on, and with a carrier. */
  readonly running: boolean;
}

export interface LinkAddress {
  /** Index of its link. */
  readonly index: number;
  /** 4 bytes or 16. */
  readonly bytes: Uint8Array;
  /** The lower eight bits of IFA_F_*, which include those of `IFA_F`. */
  readonly flags: number;
}

export const IFA_F = {
  /** IPv4: not the first address of its subnet. IPv6: a temporary address (RFC 8981). */
  secondary: 0x01,
  optimistic: 0x04,
  /** Another host has this address. */
  duplicate: 0x08,
  deprecated: 0x20,
  tentative: 0x40,
} as const;

interface Message {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

function align(length: number): number {
  return (length + ALIGNMENT - 1) & -ALIGNMENT;
}

/** The messages of a datagram, without a truncated one at its end. */
function splitMessages(datagram: Buffer): readonly Message[] {
  const messages: Message[] = [];
  for (let at = 0; at + HEADER_BYTES <= datagram.length;) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER_BYTES || at + length > datagram.length) break;
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      body: datagram.subarray(at + HEADER_BYTES, at + length),
    });
    at += align(length);
  }
  return messages;
}

/** The value of the first attribute of the wanted type. */
function attribute(body: Buffer, from: number, wanted: number): Buffer | undefined {
  for (let at = from; at + ALIGNMENT <= body.length;) {
    const length = body.readUInt16LE(at);
    if (length < ALIGNMENT || at + length > body.length) return undefined;
    if ((body.readUInt16LE(at + 2) & ATTRIBUTE_TYPE) === wanted) return body.subarray(at + ALIGNMENT, at + length);
    at += align(length);
  }
  return undefined;
}

/** `undefined` for a message without an interface's name. */
function readLink(body: Buffer): Link | undefined {
  const name = attribute(body, IFINFO.bytes, IFLA_IFNAME);
  if (body.length < IFINFO.bytes || name === undefined) return undefined;
  const flags = body.readUInt32LE(IFINFO.flags);
  return {
    index: body.readUInt32LE(IFINFO.index),
    name: name.toString("utf8").replace(/\0.*$/s, ""),
    // A copy, because the next datagram reuses the buffer.
    hardwareAddress: Uint8Array.from(attribute(body, IFINFO.bytes, IFLA_ADDRESS) ?? []),
    loopback: (flags & IFF_LOOPBACK) !== 0,
    running: (flags & IFF_UP_RUNNING) === IFF_UP_RUNNING,
  };
}

/** `undefined` for a message without an address of a known kind. */
function readAddress(body: Buffer): LinkAddress | undefined {
  // On a point-to-point link IFA_ADDRESS is the address of the peer.
  const bytes = attribute(body, IFADDR.bytes, IFA_LOCAL) ?? attribute(body, IFADDR.bytes, IFA_ADDRESS);
  if (body.length < IFADDR.bytes || (bytes?.length !== 4 && bytes?.length !== 16)) return undefined;
  return {
    index: body.readUInt32LE(IFADDR.index),
    bytes: Uint8Array.from(bytes),
    flags: body.readUInt8(IFADDR.flags),
  };
}

/** struct sockaddr_nl: of the kernel with no groups, or of this socket with the groups it listens to. */
export function encodeNetlinkAddress(groups: number): Uint8Array {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(groups, 8);
  return address;
}

function encodeRequest(type: number, body: Buffer): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  return Buffer.concat([header, body]);
}

/** All links, without their statistics. */
function linkRequest(): Uint8Array {
  const body = Buffer.alloc(IFINFO.bytes + 8);
  body.writeUInt16LE(8, IFINFO.bytes);
  body.writeUInt16LE(IFLA_EXT_MASK, IFINFO.bytes + 2);
  body.writeUInt32LE(RTEXT_FILTER_SKIP_STATS, IFINFO.bytes + 4);
  return encodeRequest(RTM_GETLINK, body);
}

/** `torn`: something changed during the dump, so the records may not fit together. */
type Dump<Item> =
  | { readonly ok: true; readonly items: readonly Item[]; readonly torn: boolean }
  | { readonly ok: false; readonly errno: number };

/** Reads every link of this network namespace. `fd`: a netlink socket connected to the kernel. */
export function dumpLinks(libc: Libc, fd: number): Dump<Link> {
  return dump(libc, fd, { request: linkRequest(), type: RTM_NEWLINK, read: readLink });
}

/** Reads every address of all families, over the same kind of socket. */
export function dumpAddresses(libc: Libc, fd: number): Dump<LinkAddress> {
  const request = encodeRequest(RTM_GETADDR, Buffer.alloc(IFADDR.bytes));
  return dump(libc, fd, { request, type: RTM_NEWADDR, read: readAddress });
}

interface Question<Item> {
  readonly request: Uint8Array;
  readonly type: number;
  readonly read: (body: Buffer) => Item | undefined;
}

/** The limit of one dump. 100,000 links take two to three thousand datagrams. */
const DATAGRAMS_MAX = 5_000;

/** Sends the request and reads the answer. The kernel answers during the calls, so this never waits. */
function dump<Item>(libc: Libc, fd: number, { request, type, read }: Question<Item>): Dump<Item> {
  const sent = libc.send(fd, request, 0);
  if (!sent.ok) return sent;
  const buffer = Buffer.allocUnsafe(DATAGRAM_BYTES);
  const items: Item[] = [];
  let torn = false;
  for (let count = 0; count < DATAGRAMS_MAX; count++) {
    const got = libc.recv(fd, buffer, 0);
    if (!got.ok) return got;
    for (const message of splitMessages(buffer.subarray(0, got.value))) {
      torn ||= (message.flags & NLM_F_DUMP_INTR) !== 0;
      if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
        const errno = message.body.length >= 4 ? -message.body.readInt32LE(0) : 0;
        return errno > 0 ? { ok: false, errno } : { ok: true, items, torn };
      }
      const item = message.type === type ? read(message.body) : undefined;
      if (item !== undefined) items.push(item);
    }
  }
  return { ok: false, errno: ERRNO.EOVERFLOW };
}
