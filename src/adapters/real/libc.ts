/**
 * C library calls that Node does not offer, through koffi. Blocking calls run on libuv's pool and keep their errno.
 *
 * If koffi's binary does not load (an unusual machine), `loadLibc` says so, and the daemon works without it.
 */
import { createRequire } from "node:module";
import { endianness } from "node:os";
import type { KoffiFunc, default as Koffi } from "koffi";

type Call = KoffiFunc<(...args: readonly unknown[]) => unknown>;

/** The result of a call: a value of zero or more, or the errno as a positive number. */
export type CallResult = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly errno: number };

export interface Libc {
  socket(domain: number, type: number, protocol: number): CallResult;
  bind(fd: number, address: Uint8Array): CallResult;
  connect(fd: number, address: Uint8Array): CallResult;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): CallResult;
  /** Fills `value`; the result is 0. */
  getsockopt(fd: number, level: number, option: number, value: Uint8Array): CallResult;
  send(fd: number, bytes: Uint8Array, flags: number): CallResult;
  sendto(fd: number, bytes: Uint8Array, flags: number, address: Uint8Array): CallResult;
  recv(fd: number, into: Uint8Array, flags: number): CallResult;
  /** `header` is a struct msghdr with addresses from `addressOf`. The caller must keep those buffers referenced. */
  recvmsg(fd: number, header: Uint8Array, flags: number): CallResult;
  close(fd: number): CallResult;
  flock(fd: number, operation: number): CallResult;
  /** Makes an eventfd that closes on exec and never blocks. */
  eventfd(): CallResult;
  /** Adds one to an eventfd and so wakes its poll. */
  wake(fd: number): void;
  /** Resets an eventfd. */
  unwake(fd: number): void;
  /** poll(2) on a pool thread. `descriptors` is an array of `length` struct pollfd; a negative timeout waits without limit. */
  poll(descriptors: Uint8Array, length: number, timeout: number): Promise<CallResult>;
  /** ioctl(2) on a pool thread. The caller must keep what `argument` points to referenced until the call ends. */
  ioctl(fd: number, request: number, argument: Uint8Array): Promise<CallResult>;
  /** The address of a buffer. Valid while the buffer is referenced. */
  addressOf(buffer: Uint8Array): bigint;
  /** `_exit(2)`: ends the process at once, even while pool threads are blocked in the kernel. `process.exit` waits for them. */
  exitNow(status: number): void;
}

type LoadedLibc =
  { readonly ok: true; readonly libc: Libc } | { readonly ok: false; readonly because: "koffi does not load" };

/** The most calls on pool threads at once; koffi throws beyond. More than all lanes of this daemon together. */
const ASYNC_CALLS_MAX = 1_024;

const KOFFI_FAILS: LoadedLibc = { ok: false, because: "koffi does not load" };

const LIBC = "libc.so.6";
const POINTER_BYTES = 8;
const EFD_CLOEXEC_NONBLOCK = 0o2004000;

/** Memory that the kernel may write to by address: it never moves and is not shared. (V8 moves the data of small arrays.) */
export function stableBuffer(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length));
}

let loaded: LoadedLibc | undefined;

/**
 * Loads the library once, because koffi accepts its settings once. Fails on a machine other than 64-bit little-endian Linux,
 * because this project packs structs in that layout.
 */
export function loadLibc(): LoadedLibc {
  loaded ??= load();
  return loaded;
}

function load(): LoadedLibc {
  try {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- `require`, so that a missing binary can be caught here
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    if (koffi.sizeof("void *") !== POINTER_BYTES || endianness() !== "LE") return KOFFI_FAILS;
    koffi.config({ ...koffi.config(), max_async_calls: ASYNC_CALLS_MAX });
    return { ok: true, libc: bindCalls(koffi) };
  } catch {
    return KOFFI_FAILS;
  }
}

function bindCalls(koffi: typeof Koffi): Libc {
  const library = koffi.load(LIBC);
  const define = (prototype: string): Call => library.func(prototype);
  const socket = define("int socket(int, int, int)");
  const bind = define("int bind(int, void *, uint32_t)");
  const connect = define("int connect(int, void *, uint32_t)");
  const setsockopt = define("int setsockopt(int, int, int, void *, uint32_t)");
  const getsockopt = define("int getsockopt(int, int, int, void *, void *)");
  const send = define("long send(int, void *, size_t, int)");
  const sendto = define("long sendto(int, void *, size_t, int, void *, uint32_t)");
  const recv = define("long recv(int, void *, size_t, int)");
  const recvmsg = define("long recvmsg(int, void *, int)");
  const close = define("int close(int)");
  const flock = define("int flock(int, int)");
  const eventfd = define("int eventfd(unsigned int, int)");
  const write = define("long write(int, void *, size_t)");
  const read = define("long read(int, void *, size_t)");
  const poll = define("int poll(void *, unsigned long, int)");
  const ioctl = define("int ioctl(int, unsigned long, void *)");
  const exit = define("void _exit(int)");
  const one = Buffer.alloc(8);
  one.writeBigUInt64LE(1n);
  const count = Buffer.alloc(8);
  const lengthOf = (value: Uint8Array): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(value.length);
    return length;
  };
  const result = (returned: unknown): CallResult => {
    const value = Number(returned);
    return value < 0 ? { ok: false, errno: koffi.errno() } : { ok: true, value };
  };
  /** koffi (3.2) restores the errno of the pool thread before the callback runs. */
  const later = (call: Call, ...args: readonly unknown[]): Promise<CallResult> =>
    new Promise((resolve, reject) => {
      call.async(...args, (error: unknown, returned: unknown) => {
        if (error === null) resolve(result(returned));
        else reject(error instanceof Error ? error : new Error("koffi refused a call"));
      });
    });
  return {
    socket: (domain, type, protocol) => result(socket(domain, type, protocol)),
    bind: (fd, address) => result(bind(fd, address, address.length)),
    connect: (fd, address) => result(connect(fd, address, address.length)),
    setsockopt: (fd, level, option, value) => result(setsockopt(fd, level, option, value, value.length)),
    getsockopt: (fd, level, option, value) => result(getsockopt(fd, level, option, value, lengthOf(value))),
    send: (fd, bytes, flags) => result(send(fd, bytes, bytes.length, flags)),
    sendto: (fd, bytes, flags, address) => result(sendto(fd, bytes, bytes.length, flags, address, address.length)),
    recv: (fd, into, flags) => result(recv(fd, into, into.length, flags)),
    recvmsg: (fd, header, flags) => result(recvmsg(fd, header, flags)),
    close: (fd) => result(close(fd)),
    flock: (fd, operation) => result(flock(fd, operation)),
    eventfd: () => result(eventfd(0, EFD_CLOEXEC_NONBLOCK)),
    wake: (fd) => void write(fd, one, one.length),
    unwake: (fd) => void read(fd, count, count.length),
    poll: (descriptors, length, timeout) => later(poll, descriptors, length, timeout),
    ioctl: (fd, request, argument) => later(ioctl, fd, request, argument),
    addressOf: (buffer) => koffi.address(buffer),
    exitNow: (status) => void exit(status),
  };
}
