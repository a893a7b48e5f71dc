/**
 * Parses the IP addresses of configuration files, log pages, mDNS and sysfs, and gives each one canonical spelling for
 * comparison (RFC 5952). An IPv4-mapped IPv6 address becomes the IPv4 address: targets that listen on `::` report it.
 */
import type { Transport } from "./transport-id.js";

export interface IpAddress {
  readonly family: "ipv4" | "ipv6";
  /** Canonical, without scope: `192.168.1.20`, `fe80::1`. */
  readonly text: string;
  /** The interface of `fe80::1%eth0`. Empty for IPv4, and if no scope was given. */
  readonly scope: string;
}

/** Longer texts are refused unread. The limit fits an address, `%`, an interface name (15) and brackets. */
const LONGEST_ADDRESS = 64;

const IPV6_GROUPS = 8;

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * Whether the text is four decimal numbers 0..255 without leading zeros, which some parsers read as octal.
 * That spelling is already canonical. This runs for every log page entry, so it allocates nothing.
 */
function isDottedQuad(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false;
  let parts = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0) return false;
      parts++;
      digits = 0;
      value = 0;
    } else if (code >= ZERO && code <= NINE) {
      if (digits > 0 && value === 0) return false;
      value = value * 10 + code - ZERO;
      digits++;
      if (value > 255) return false;
    } else {
      return false;
    }
  }
  return parts === 3 && digits > 0;
}

/** An interface name has no space, slash, comma or second `%`. A comma would end the value in a connect string. */
const SCOPE = /^[^\s/%,[\]]{1,15}$/;

/** The groups on one side of `::`. A dotted quad at the end counts as two. `undefined` if a group is malformed. */
function parseGroups(side: string, quad: "may-end-in-quad" | "no-quad"): number[] | undefined {
  if (side === "") return [];
  const pieces = side.split(":");
  const groups: number[] = [];
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i] ?? "";
    if (piece.includes(".")) {
      if (quad === "no-quad" || i !== pieces.length - 1 || !isDottedQuad(piece)) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = piece.split(".").map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(piece)) return undefined;
      groups.push(Number.parseInt(piece, 16));
    }
  }
  return groups;
}

/** The eight groups of an IPv6 address without scope and brackets. */
function parseIpv6(text: string): readonly number[] | undefined {
  const gap = text.indexOf("::");
  if (gap < 0) {
    const groups = parseGroups(text, "may-end-in-quad");
    return groups?.length === IPV6_GROUPS ? groups : undefined;
  }
  const head = parseGroups(text.slice(0, gap), "no-quad");
  const tail = parseGroups(text.slice(gap + 2), "may-end-in-quad");
  if (head === undefined || tail === undefined) return undefined;
  // "::" stands for one or more groups.
  const missing = IPV6_GROUPS - head.length - tail.length;
  if (missing < 1) return undefined;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** RFC 5952: lower case, no leading zeros, and `::` for the first of the longest runs of two or more zero groups. */
function formatIpv6(groups: readonly number[]): string {
  let bestStart = -1;
  let bestLength = 1;
  let start = -1;
  for (let i = 0; i < groups.length; i++) {
    if (groups[i] !== 0) {
      start = -1;
      continue;
    }
    if (start < 0) start = i;
    if (i - start + 1 > bestLength) {
      bestStart = start;
      bestLength = i - start + 1;
    }
  }
  const hex = (from: readonly number[]): string => from.map((group) => group.toString(16)).join(":");
  if (bestStart < 0) return hex(groups);
  return `${hex(groups.slice(0, bestStart))}::${hex(groups.slice(bestStart + bestLength))}`;
}

/** The IPv4 address of a group list in `::ffff:0:0/96` (RFC 4291, 2.5.5.2). */
function mappedIpv4(groups: readonly number[]): string | undefined {
  if (groups[5] !== 0xffff) return undefined;
  for (let i = 0; i < 5; i++) if (groups[i] !== 0) return undefined;
  const high = groups[6] ?? 0;
  const low = groups[7] ?? 0;
  return `${String(high >> 8)}.${String(high & 255)}.${String(low >> 8)}.${String(low & 255)}`;
}

/** Splits `[ADDRESS%SCOPE]` or `ADDRESS%SCOPE`; `undefined` if the brackets or the scope are malformed. */
function splitScope(text: string): { readonly address: string; readonly scope: string } | undefined {
  let bare = text;
  if (text.startsWith("[")) {
    if (!text.endsWith("]")) return undefined;
    bare = text.slice(1, -1);
  }
  const percent = bare.indexOf("%");
  if (percent < 0) return { address: bare, scope: "" };
  const scope = bare.slice(percent + 1);
  return SCOPE.test(scope) ? { address: bare.slice(0, percent), scope } : undefined;
}

/**
 * Parses an IPv4 address, or an IPv6 address in any spelling, with or without `%scope` and brackets.
 *
 * @returns `undefined` if the text is not an address (a host name, for example).
 */
export function parseIp(text: string): IpAddress | undefined {
  if (isDottedQuad(text)) return { family: "ipv4", text, scope: "" };
  if (text.length > LONGEST_ADDRESS || !text.includes(":")) return undefined;
  const parts = splitScope(text);
  const groups = parts === undefined ? undefined : parseIpv6(parts.address);
  if (parts === undefined || groups === undefined) return undefined;
  const ipv4 = mappedIpv4(groups);
  if (ipv4 !== undefined) return { family: "ipv4", text: ipv4, scope: "" };
  return { family: "ipv6", text: formatIpv6(groups), scope: parts.scope };
}

/** Prints an address with its scope: `fe80::1%eth0`. */
export function formatIp(address: IpAddress): string {
  return address.scope === "" ? address.text : `${address.text}%${address.scope}`;
}

/** Node and port name without `0x`, which `nvme_fc_parse_traddr` also accepts (from the kernel's source). */
const FC_WITHOUT_0X = /^nn-([0-9a-f]{16}):pn-([0-9a-f]{16})$/;

/**
 * The canonical spelling of a transport address. tcp, rdma, or no transport: an IP address in RFC 5952 form with its
 * scope, or a host name in lower case. fc: `nn-0x...:pn-0x...` in lower case; the kernel also accepts it without `0x`.
 * loop: unchanged, because the kernel compares the name byte for byte.
 */
export function canonicalAddress(transport: Transport | "", traddr: string): string {
  if (transport === "loop") return traddr;
  if (transport === "fc") return traddr.toLowerCase().replace(FC_WITHOUT_0X, "nn-0x$1:pn-0x$2");
  if (isDottedQuad(traddr)) return traddr;
  const address = parseIp(traddr);
  return address === undefined ? traddr.toLowerCase() : formatIp(address);
}

/** Whether two texts are the same address, scope included. Texts that are not addresses compare without case. */
export function sameAddress(a: string, b: string): boolean {
  return a === b || canonicalAddress("", a) === canonicalAddress("", b);
}

/** Whether the text is `0.0.0.0` or `::` in any spelling. Nothing can connect to these addresses. */
export function isUnspecified(text: string): boolean {
  const address = parseIp(text);
  return address !== undefined && (address.text === "0.0.0.0" || address.text === "::");
}

/**
 * Whether the text is an IPv6 link-local address (`fe80::/10`), which means nothing without an interface. An IPv4
 * link-local address (169.254.0.0/16) does not count: the host's routing table handles it like any other.
 */
export function isLinkLocal(text: string): boolean {
  if (!/^\[?fe[89ab]/i.test(text)) return false;
  const address = parseIp(text);
  return address?.family === "ipv6" && /^fe[89ab][0-9a-f]:/.test(address.text);
}
