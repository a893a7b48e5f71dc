/** Reports our state to the service manager (sd_notify(3)), and that we are alive (sd_watchdog_enabled(3)). */
import type { Libc } from "./libc.js";

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0o2004000;
const MSG_NOSIGNAL = 0x4000;
const AT = 0x40;
/** Size of `sun_path` in struct sockaddr_un. */
const PATH_BYTES_MAX = 108;

/** The socket address for $NOTIFY_SOCKET: a path, or `@name` in the abstract name space. `undefined` for anything else. */
export function notifyAddress(name: string | undefined): Buffer | undefined {
  if (name === undefined || !/^[/@]./.test(name)) return undefined;
  const path = Buffer.from(name, "utf8");
  if (path.length >= PATH_BYTES_MAX) return undefined;
  const isAbstract = path[0] === AT;
  if (isAbstract) path[0] = 0;
  const address = Buffer.alloc(2 + path.length + (isAbstract ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  path.copy(address, 2);
  return address;
}

/** Sends one state, such as `READY=1`. Ignores failures, as sd_notify callers should: nothing depends on the manager. */
export function sdNotify(libc: Libc, address: Buffer, state: string): void {
  const socket = libc.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0);
  if (!socket.ok) return;
  libc.sendto(socket.value, Buffer.from(state, "utf8"), MSG_NOSIGNAL, address);
  libc.close(socket.value);
}

export interface WatchdogEnvironment {
  readonly WATCHDOG_USEC?: string | undefined;
  readonly WATCHDOG_PID?: string | undefined;
}

/** How often to feed the watchdog: half of its limit, in milliseconds; `undefined` if this process has no watchdog. */
export function watchdogInterval(environment: WatchdogEnvironment, pid: number): number | undefined {
  const { WATCHDOG_USEC: limit, WATCHDOG_PID: whose } = environment;
  if (limit === undefined || !/^[0-9]{1,15}$/.test(limit)) return undefined;
  if (whose !== undefined && whose !== String(pid)) return undefined;
  const half = Math.floor(Number(limit) / 2_000);
  return half > 0 ? half : undefined;
}
