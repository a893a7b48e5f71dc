/** The target of a probe as socket addresses (Linux: struct sockaddr_in, struct sockaddr_in6). */
import { ERRNO } from "../../../core/domain/errno.js";
import { isLinkLocal, parseIp, type IpAddress } from "../../../core/domain/ip-address.js";
import type { ProbeTarget } from "../../../core/ports/network.js";
import type { OsFailure } from "../../../core/ports/request.js";

const AF_INET = 2;
const AF_INET6 = 10;

/** Both families accept this length, so bind gives a source of the other family the same error as the kernel's connect. */
const SOCKADDR_BYTES = 28;

const PORT_MAX = 65_535;

/** IFNAMSIZ without the NUL. The kernel truncates a longer name and might find another interface. */
const IFACE_NAME_MAX = 15;

export interface ProbePlace {
  readonly peer: IpAddress;
  readonly port: number;
  /** `undefined`: the kernel chooses. */
  readonly source: IpAddress | undefined;
  /** The interface to bind to; empty for none. */
  readonly device: string;
}

type ParsedPlace = { readonly ok: true; readonly place: ProbePlace } | OsFailure;

/**
 * Fails with EINVAL for an address or port that is not valid, as a connect does, and with ENODEV for a name that no interface can
 * have. Ports are decimal: the core passes no other spelling.
 */
export function parseTarget(target: ProbeTarget): ParsedPlace {
  const peer = parseIp(target.traddr);
  const port = /^[0-9]{1,5}$/.test(target.trsvcid) ? Number(target.trsvcid) : 0;
  const source = target.hostTraddr === "" ? undefined : parseIp(target.hostTraddr);
  if (peer === undefined || port === 0 || port > PORT_MAX) return { ok: false, errno: ERRNO.EINVAL };
  if (target.hostTraddr !== "" && source === undefined) return { ok: false, errno: ERRNO.EINVAL };
  if (!isDeviceName(target.hostIface)) return { ok: false, errno: ERRNO.ENODEV };
  return { ok: true, place: { peer, port, source, device: target.hostIface } };
}

function isDeviceName(name: string): boolean {
  return !name.includes("\0") && Buffer.byteLength(name) <= IFACE_NAME_MAX;
}

/** The index of an interface; `undefined` if no interface has this name. */
export type IndexOf = (name: string) => number | undefined;

/**
 * The scope of an address as a number; 0 if it has none, or if it is not link-local, where the kernel ignores the scope.
 * `undefined`: the interface does not exist. The scope itself may be an index.
 */
export function scopeId(address: IpAddress, indexOf: IndexOf): number | undefined {
  if (address.scope === "" || !isLinkLocal(address.text)) return 0;
  return indexOf(address.scope) ?? (/^[0-9]{1,9}$/.test(address.scope) ? Number(address.scope) : undefined);
}

export function familyOf(address: IpAddress): number {
  return address.family === "ipv4" ? AF_INET : AF_INET6;
}

export function encodeSockaddr(address: IpAddress, port: number, scope: number): Uint8Array {
  const bytes = Buffer.alloc(SOCKADDR_BYTES);
  bytes.writeUInt16LE(familyOf(address), 0);
  bytes.writeUInt16BE(port, 2);
  if (address.family === "ipv4") {
    bytes.set(address.text.split(".").map(Number), 4);
    return bytes;
  }
  groupsOf(address.text).forEach((group, index) => bytes.writeUInt16BE(group, 8 + 2 * index));
  bytes.writeUInt32LE(scope, 24);
  return bytes;
}

const GROUPS = 8;

/** The eight groups of an IPv6 address in canonical spelling; `::` stands for the missing ones. */
function groupsOf(text: string): readonly number[] {
  const side = (half: string): readonly number[] =>
    half === "" ? [] : half.split(":").map((group) => Number.parseInt(group, 16));
  const [head = "", tail] = text.split("::");
  const [before, after] = [side(head), side(tail ?? "")];
  return [...before, ...Array<number>(GROUPS - before.length - after.length).fill(0), ...after];
}
