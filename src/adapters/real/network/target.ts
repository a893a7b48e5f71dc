/** Where a probe goes, as socket addresses (Linux: struct sockaddr_in, struct sockaddr_in6). */
import { ERRNO } from "../../../core/domain/errno.js";
import { isLinkLocal, parseIp, type IpAddress } from "../../../core/domain/ip-address.js";
import type { ProbeTarget } from "../../../core/ports/network.js";
import type { OsFailure } from "../../../core/ports/request.js";

const AF_INET = 2;
const AF_INET6 = 10;

/** Both families take an address of this length, so a source of the other family is refused as the kernel itself refuses it. */
const SOCKADDR_BYTES = 28;

const PORT_MAX = 65_535;

/** IFNAMSIZ without its NUL. The kernel would cut a longer name, and might find another interface. */
const IFACE_NAME_MAX = 15;

export interface ProbePlace {
  readonly peer: IpAddress;
  readonly port: number;
  /** `undefined`: the kernel chooses. */
  readonly source: IpAddress | undefined;
  /** Interface to bind to, or empty. */
  readonly device: string;
}

type ParsedPlace = { readonly ok: true; readonly place: ProbePlace } | OsFailure;

/**
 * EINVAL for what is no address or port, as for a connect; ENODEV for a name that no interface can have. Ports are decimal: the
 * core hands on no other spelling.
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

/** The index of an interface; `undefined` where there is none of that name. */
export type IndexOf = (name: string) => number | undefined;

/**
 * The number that stands for the scope of an address; 0 where it has none, or is not link-local: there the kernel ignores it.
 * `undefined`: there is no such interface. A scope may be an index already.
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

/** The groups of an IPv6 address in its canonical spelling, in which `::` stands for what is missing. */
function groupsOf(text: string): readonly number[] {
  const side = (half: string): readonly number[] =>
    half === "" ? [] : half.split(":").map((group) => Number.parseInt(group, 16));
  const [head = "", tail] = text.split("::");
  const [before, after] = [side(head), side(tail ?? "")];
  return [...before, ...Array<number>(GROUPS - before.length - after.length).fill(0), ...after];
}
