/** A C library for tests: memory by address, and one netlink socket with the messages of the test. */
import { ERRNO } from "../../../src/core/domain/errno.js";
import type { CallResult, Libc } from "../../../src/adapters/real/libc.js";

export const UEVENT_FD = 40;
const WAKE_FD = 41;
/** A descriptor that is always ready. */
export const READY_FD = 42;
const POLL_RECORD = 8;
const POLLIN = 1;
const POLLNVAL = 0x20;
const OK: CallResult = { ok: true, value: 0 };

/** A message, with the sender that recvmsg reports. */
interface Message {
  readonly bytes: Uint8Array;
  readonly uid?: number;
  readonly port?: number;
  readonly groups?: number;
  readonly credentials?: "none";
}

interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

export class FakeLibc implements Libc {
  readonly calls: Call[] = [];
  /** What recvmsg returns, in order; a number is an errno. Empty: EAGAIN. */
  readonly waiting: (Message | number)[] = [];
  /** Calls that fail, with their errno. */
  readonly failing = new Map<string, number>();
  onIoctl: (fd: number, request: number, argument: Uint8Array) => Promise<CallResult> = () => Promise.resolve(OK);
  closed = false;
  polls = 0;
  readonly #memory: Uint8Array[] = [];
  #wakes = 0;
  #pollAgain: () => void = () => undefined;

  /** Adds messages and so makes the socket ready. */
  put(...messages: readonly (Message | number)[]): void {
    this.waiting.push(...messages);
    this.#pollAgain();
  }

  /** The memory at an address from `addressOf`. */
  at(address: bigint): Buffer {
    const memory = this.#memory[Number(address) - 1];
    if (memory === undefined) throw new Error("no such address");
    return Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  }

  addressOf(buffer: Uint8Array): bigint {
    return BigInt(this.#memory.push(buffer));
  }

  #answer(name: string, args: readonly unknown[], value = 0): CallResult {
    this.calls.push({ name, args });
    const errno = this.failing.get(name);
    return errno === undefined ? { ok: true, value } : { ok: false, errno };
  }

  socket(...args: readonly unknown[]): CallResult {
    return this.#answer("socket", args, UEVENT_FD);
  }
  bind(...args: readonly unknown[]): CallResult {
    return this.#answer("bind", args);
  }
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): CallResult {
    return this.#answer(`setsockopt ${String(option)}`, [fd, level, option, Buffer.from(value).readInt32LE(0)]);
  }
  close(fd: number): CallResult {
    if (fd === UEVENT_FD) this.closed = true;
    return this.#answer("close", [fd]);
  }
  flock = (): CallResult => OK;
  connect = (): CallResult => OK;
  getsockopt = (): CallResult => OK;
  send = (): CallResult => OK;
  sendto = (): CallResult => OK;
  recv = (): CallResult => OK;
  exitNow = (): void => undefined;

  eventfd(): CallResult {
    return { ok: true, value: WAKE_FD };
  }
  wake(): void {
    this.#wakes += 1;
    this.#pollAgain();
  }
  unwake(): void {
    this.#wakes = 0;
  }

  recvmsg(_fd: number, header: Uint8Array): CallResult {
    const next = this.waiting.shift();
    if (next === undefined) return { ok: false, errno: ERRNO.EAGAIN };
    if (typeof next === "number") return { ok: false, errno: next };
    const msghdr = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
    const iov = this.at(msghdr.readBigUInt64LE(16));
    const room = Number(iov.readBigUInt64LE(8));
    const data = this.at(iov.readBigUInt64LE(0));
    data.set(next.bytes.subarray(0, room));
    msghdr.writeInt32LE(next.bytes.length > room ? 0x20 : 0, 48);
    const name = this.at(msghdr.readBigUInt64LE(0));
    name.writeUInt32LE(next.port ?? 0, 4);
    name.writeUInt32LE(next.groups ?? 1, 8);
    this.#credentials(msghdr, next);
    return { ok: true, value: Math.min(room, next.bytes.length) };
  }

  /** struct cmsghdr and struct ucred: length, level SOL_SOCKET, type SCM_CREDENTIALS; pid, uid, gid. */
  #credentials(msghdr: Buffer, message: Message): void {
    if (message.credentials === "none") {
      msghdr.writeBigUInt64LE(0n, 40);
      return;
    }
    const control = this.at(msghdr.readBigUInt64LE(32));
    control.writeBigUInt64LE(28n, 0);
    control.writeInt32LE(1, 8);
    control.writeInt32LE(2, 12);
    control.writeUInt32LE(message.uid ?? 0, 20);
    msghdr.writeBigUInt64LE(32n, 40);
  }

  async poll(descriptors: Uint8Array, length: number): Promise<CallResult> {
    this.polls += 1;
    const records = Buffer.from(descriptors.buffer, descriptors.byteOffset, descriptors.byteLength);
    for (;;) {
      let ready = 0;
      for (let at = 0; at < length * POLL_RECORD; at += POLL_RECORD) {
        const revents = this.#revents(records.readInt32LE(at));
        records.writeInt16LE(revents, at + 6);
        if (revents !== 0) ready += 1;
      }
      if (ready > 0) return { ok: true, value: ready };
      await new Promise<void>((resolve) => (this.#pollAgain = resolve));
    }
  }

  #revents(fd: number): number {
    if (fd === WAKE_FD) return this.#wakes > 0 ? POLLIN : 0;
    if (fd === READY_FD) return POLLIN;
    if (this.closed) return POLLNVAL;
    return this.waiting.length > 0 ? POLLIN : 0;
  }

  ioctl(fd: number, request: number, argument: Uint8Array): Promise<CallResult> {
    return this.onIoctl(fd, request, argument);
  }
}
