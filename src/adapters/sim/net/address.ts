/** IP addresses and prefixes of the simulated network, as numbers to compare. */

/** Eight groups of 16 bits. IPv4 uses the last two, as in the IPv4-mapped form. */
export interface NetAddress {
  readonly family: 4 | 6;
  readonly groups: readonly number[];
  /** The interface after `%`, or empty. */
  readonly scope: string;
  /** Equal if and only if the addresses are equal, without their scope. */
  readonly key: string;
}

export interface NetPrefix {
  readonly address: NetAddress;
  /** Prefix length within the 128 bits of `groups`. */
  readonly bits: number;
}

const GROUPS = 8;
const GROUP_BITS = 16;
const V4_BITS_BEFORE = 96;

function ipv4Groups(text: string): [number, number] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const [a, b, c, d] = match.slice(1).map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  if (a > 255 || b > 255 || c > 255 || d > 255) return undefined;
  return [a * 256 + b, c * 256 + d];
}

function hexGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 ? ipv4Groups(part) : undefined;
    if (v4 !== undefined) groups.push(...v4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function ipv6Groups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = hexGroups(halves[0] ?? "");
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === GROUPS ? head : undefined;
  const tail = hexGroups(halves[1] ?? "");
  if (tail === undefined || head.length + tail.length >= GROUPS) return undefined;
  return [...head, ...new Array<number>(GROUPS - head.length - tail.length).fill(0), ...tail];
}

function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

function parse(text: string): NetAddress | undefined {
  const percent = text.indexOf("%");
  const bare = percent === -1 ? text : text.slice(0, percent);
  const scope = percent === -1 ? "" : text.slice(percent + 1);
  const v4 = ipv4Groups(bare);
  if (v4 !== undefined && scope !== "") return undefined;
  const groups = v4 === undefined ? ipv6Groups(bare) : [0, 0, 0, 0, 0, 0xffff, ...v4];
  if (groups === undefined) return undefined;
  return { family: isMapped(groups) ? 4 : 6, groups, scope, key: groups.join(":") };
}

/** A world has few addresses and parses them often. */
const CACHE_MAX = 50_000;
const cache = new Map<string, NetAddress | undefined>();

/** Parses an address. An IPv4-mapped IPv6 address becomes IPv4. Returns `undefined` if the text is not an address. */
export function parseNetAddress(text: string): NetAddress | undefined {
  const known = cache.get(text);
  if (known !== undefined || cache.has(text)) return known;
  if (cache.size >= CACHE_MAX) cache.clear();
  const address = parse(text);
  cache.set(text, address);
  return address;
}

/** Parses `192.168.1.10/24`. An address without a length is a prefix of full length. */
export function parseNetPrefix(text: string): NetPrefix | undefined {
  const slash = text.indexOf("/");
  const address = parseNetAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const before = address.family === 4 ? V4_BITS_BEFORE : 0;
  const full = GROUPS * GROUP_BITS - before;
  const length = slash === -1 ? full : Number(text.slice(slash + 1));
  if (!Number.isInteger(length) || length < 0 || length > full) return undefined;
  return { address, bits: length + before };
}

/** Whether two texts spell one address: an IP address in any spelling, or a Fibre Channel address with or without 0x. */
export function isSameAddress(one: string, other: string): boolean {
  return addressKey(one) === addressKey(other);
}

function addressKey(text: string): string {
  return parseNetAddress(text)?.key ?? text.toLowerCase().replaceAll("0x", "");
}

/** Whether an address is within a prefix of the same family. */
export function within(address: NetAddress, prefix: NetPrefix): boolean {
  if (address.family !== prefix.address.family) return false;
  let left = prefix.bits;
  for (let i = 0; left > 0 && i < GROUPS; i++, left -= GROUP_BITS) {
    const shift = left >= GROUP_BITS ? 0 : GROUP_BITS - left;
    if ((address.groups[i] ?? 0) >> shift !== (prefix.address.groups[i] ?? 0) >> shift) return false;
  }
  return true;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: NetAddress): boolean {
  if (address.family === 4) return (address.groups[6] ?? 0) >> 8 === 127;
  return address.groups.every((group, index) => group === (index === GROUPS - 1 ? 1 : 0));
}

/** fe80::/10. Ambiguous without an interface. */
export function isLinkLocal(address: NetAddress): boolean {
  return address.family === 6 && ((address.groups[0] ?? 0) & 0xffc0) === 0xfe80;
}

/** The interface that a link-local address names. Empty for other addresses: their zone means nothing. */
export function zoneOf(address: NetAddress | undefined): string {
  return address !== undefined && isLinkLocal(address) ? address.scope : "";
}
