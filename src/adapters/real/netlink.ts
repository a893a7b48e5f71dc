/** Reads the kernel's uevents from a netlink socket bound to group 1 of NETLINK_KOBJECT_UEVENT. */
import { isNvmeUevent, UEVENT_BYTES_MAX } from "../../core/codec/uevent.js";
import { ERRNO } from "../../core/domain/errno.js";
import type { LogPort } from "../../core/ports/log.js";
import type { OsFailure } from "../../core/ports/request.js";
import type { Deliver } from "./deliver.js";
import { stableBuffer, type CallResult, type Libc } from "./libc.js";
import { POLLIN, type FdWatcher } from "./watcher.js";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC_NONBLOCK = 3 | 0o2000000 | 0o4000;
const NETLINK_KOBJECT_UEVENT = 15;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_PASSCRED = 16;
const SO_RCVBUFFORCE = 33;
const SCM_CREDENTIALS = 2;
const MSG_TRUNC = 0x20;

/** Holds a burst of 5000 events without loss. */
const RECEIVE_BUFFER_BYTES = 8 << 20;

/** Messages read per turn of the event loop. The rest are still ready in the next round. */
export const MESSAGES_PER_ROUND = 256;

/** The multicast group of the kernel itself; group 2 belongs to udevd. */
const KERNEL_GROUP = 1;

/** struct msghdr, sockaddr_nl, iovec and a control message with struct ucred, on 64-bit Linux. */
const MSGHDR = { bytes: 56, name: 0, nameLength: 8, iov: 16, iovLength: 24, control: 32, controlLength: 40, flags: 48 };
const SOCKADDR = { bytes: 12, family: 0, port: 4, groups: 8 };
const IOVEC = { bytes: 16, base: 0, length: 8 };
const CONTROL = { bytes: 64, level: 8, type: 12, uid: 20, credentialsEnd: 28 };

/** The outcome of one recvmsg. */
type Received =
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  | { readonly kind: "truncated" }
  | { readonly kind: "foreign" };

/** The buffers of recvmsg, allocated once. Copy what you take out of them. */
class Receiver {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #data = stableBuffer(UEVENT_BYTES_MAX);
  readonly #address = stableBuffer(SOCKADDR.bytes);
  readonly #control = stableBuffer(CONTROL.bytes);
  readonly #iov = stableBuffer(IOVEC.bytes);
  readonly #header = stableBuffer(MSGHDR.bytes);

  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#iov.writeBigUInt64LE(libc.addressOf(this.#data), IOVEC.base);
    this.#iov.writeBigUInt64LE(BigInt(UEVENT_BYTES_MAX), IOVEC.length);
    this.#header.writeBigUInt64LE(libc.addressOf(this.#address), MSGHDR.name);
    this.#header.writeBigUInt64LE(libc.addressOf(this.#iov), MSGHDR.iov);
    this.#header.writeBigUInt64LE(1n, MSGHDR.iovLength);
    this.#header.writeBigUInt64LE(libc.addressOf(this.#control), MSGHDR.control);
  }

  receive(): { readonly ok: true; readonly received: Received } | OsFailure {
    const header = this.#header;
    header.writeUInt32LE(SOCKADDR.bytes, MSGHDR.nameLength);
    header.writeBigUInt64LE(BigInt(CONTROL.bytes), MSGHDR.controlLength);
    header.writeInt32LE(0, MSGHDR.flags);
    const got = this.#libc.recvmsg(this.#fd, header, 0);
    if (!got.ok) return got;
    return { ok: true, received: this.#judge(got.value) };
  }

  /** `foreign`: the kernel did not multicast it. Other processes can send to this socket and to the group. */
  #judge(length: number): Received {
    if (!this.#isFromKernel()) return { kind: "foreign" };
    if ((this.#header.readInt32LE(MSGHDR.flags) & MSG_TRUNC) !== 0) return { kind: "truncated" };
    return { kind: "message", bytes: this.#data.subarray(0, length) };
  }

  #isFromKernel(): boolean {
    const control = this.#control;
    const hasCredentials =
      this.#header.readBigUInt64LE(MSGHDR.controlLength) >= BigInt(CONTROL.credentialsEnd) &&
      control.readInt32LE(CONTROL.level) === SOL_SOCKET &&
      control.readInt32LE(CONTROL.type) === SCM_CREDENTIALS;
    return (
      hasCredentials &&
      control.readUInt32LE(CONTROL.uid) === 0 &&
      this.#header.readUInt32LE(MSGHDR.nameLength) === SOCKADDR.bytes &&
      this.#address.readUInt32LE(SOCKADDR.port) === 0 &&
      this.#address.readUInt32LE(SOCKADDR.groups) === KERNEL_GROUP
    );
  }
}

interface NetlinkParts {
  readonly libc: Libc;
  readonly watcher: FdWatcher;
  readonly deliver: Deliver;
  readonly log: LogPort;
  /** Messages were lost: an overrun (ENOBUFS) or a truncated message. */
  readonly overflow: () => void;
  /** Called once when the socket fails for good. It is closed by then. */
  readonly broken: (errno: number) => void;
}

type NetlinkOpened = { readonly ok: true; readonly uevents: NetlinkUevents } | OsFailure;

/**
 * Delivers the kernel's uevents of subsystem `nvme`, and those whose subsystem is unclear. Drops all others, because the core
 * ignores them.
 */
export class NetlinkUevents {
  readonly #parts: NetlinkParts;
  readonly #fd: number;
  readonly #receiver: Receiver;
  readonly #unwatch: () => void;
  #open = true;
  #foreign = 0;

  /** Opens the socket. From then on it queues the kernel's events. */
  static open(parts: NetlinkParts): NetlinkOpened {
    const bound = openSocket(parts.libc);
    return bound.ok ? { ok: true, uevents: new NetlinkUevents(parts, bound.value) } : bound;
  }

  private constructor(parts: NetlinkParts, fd: number) {
    this.#parts = parts;
    this.#fd = fd;
    this.#receiver = new Receiver(parts.libc, fd);
    this.#unwatch = parts.watcher.watch(fd, POLLIN, () => {
      this.#round();
    });
  }

  /** The number of messages dropped because they did not come from the kernel. */
  get foreign(): number {
    return this.#foreign;
  }

  /** Closes the socket. Delivers nothing afterwards. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#unwatch();
    this.#parts.libc.close(this.#fd);
  }

  #round(): void {
    for (let count = 0; count < MESSAGES_PER_ROUND && this.#open; count++) {
      const got = this.#receiver.receive();
      if (got.ok && got.received.kind === "message") {
        this.#pass(got.received.bytes);
      } else if (got.ok && got.received.kind === "foreign") {
        this.#countForeign();
      } else if (got.ok || got.errno === ERRNO.ENOBUFS) {
        this.#parts.overflow();
      } else if (got.errno !== ERRNO.EINTR) {
        if (got.errno !== ERRNO.EAGAIN) this.#break(got.errno);
        return;
      }
    }
  }

  #pass(bytes: Uint8Array): void {
    if (isNvmeUevent(bytes)) this.#parts.deliver({ kind: "uevent", message: new Uint8Array(bytes) });
  }

  #countForeign(): void {
    this.#foreign += 1;
    if (this.#foreign > 1) return;
    this.#parts.log.write({
      level: "warning",
      text: "a message that claims to be a kernel event did not come from the kernel and is dropped, as are all that follow: a process on this host sends them (in a user namespace every kernel event looks like this: run the daemon outside of it)",
    });
  }

  #break(errno: number): void {
    this.close();
    this.#parts.broken(errno);
  }
}

function openSocket(libc: Libc): CallResult {
  const made = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC_NONBLOCK, NETLINK_KOBJECT_UEVENT);
  if (!made.ok) return made;
  const bound = bindSocket(libc, made.value);
  if (bound.ok) return made;
  libc.close(made.value);
  return bound;
}

function bindSocket(libc: Libc, fd: number): CallResult {
  const credentials = libc.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, int32(1));
  if (!credentials.ok) return credentials;
  const forced = libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, int32(RECEIVE_BUFFER_BYTES));
  // Without CAP_NET_ADMIN: as much as net.core.rmem_max allows. An overrun is reported either way.
  if (!forced.ok) libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, int32(RECEIVE_BUFFER_BYTES));
  const address = Buffer.alloc(SOCKADDR.bytes);
  address.writeUInt16LE(AF_NETLINK, SOCKADDR.family);
  address.writeUInt32LE(KERNEL_GROUP, SOCKADDR.groups);
  return libc.bind(fd, address);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
