/**
 * Lists the interfaces of the host. `os.networkInterfaces()` omits interfaces without carrier or address. But an interface keeps
 * its address while its cable is out, and connections from that address still name it. So this module asks the kernel.
 */
import { readdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { parseIp } from "../../../core/domain/ip-address.js";
import type { NetworkInterface } from "../../../core/ports/network.js";
import type { OsFailure } from "../../../core/ports/request.js";
import { readWhole } from "../files.js";
import type { Libc } from "../libc.js";
import { attempt } from "../../shared/os-error.js";
import {
  AF_NETLINK,
  dumpAddresses,
  dumpLinks,
  encodeNetlinkAddress,
  IFA_F,
  NETLINK_ROUTE,
  SOCK_RAW_CLOEXEC_NONBLOCK,
  type Link,
  type LinkAddress,
} from "./rtnetlink.js";

export const SYS_CLASS_NET = "/sys/class/net";

/** The list may change while the kernel writes it. The last try counts as it is, because a notification follows each change. */
const DUMP_TRIES = 3;

type Listed = { readonly ok: true; readonly interfaces: readonly NetworkInterface[] } | OsFailure;

/** Lists every interface except loopback, by index: up or down, with or without carrier, with or without addresses. */
export function listInterfaces(libc: Libc): Listed {
  const made = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC_NONBLOCK, NETLINK_ROUTE);
  if (!made.ok) return made;
  try {
    // A connected netlink socket receives messages from the kernel only.
    const connected = libc.connect(made.value, encodeNetlinkAddress(0));
    return connected.ok ? dumpBoth(libc, made.value) : connected;
  } finally {
    libc.close(made.value);
  }
}

function dumpBoth(libc: Libc, fd: number): Listed {
  for (let tries = 1; ; tries++) {
    const links = dumpLinks(libc, fd);
    if (!links.ok) return links;
    const addresses = dumpAddresses(libc, fd);
    if (!addresses.ok) return addresses;
    if (tries === DUMP_TRIES || (!links.torn && !addresses.torn)) {
      return { ok: true, interfaces: joinAddresses(links.items, addresses.items) };
    }
  }
}

/** Assigns addresses to their links: IPv4 first, and within a family in the order in which the kernel prefers them as a source. */
function joinAddresses(links: readonly Link[], addresses: readonly LinkAddress[]): readonly NetworkInterface[] {
  const byLink = new Map<number, LinkAddress[]>();
  for (const address of addresses) {
    if ((address.flags & IFA_F.duplicate) !== 0) continue;
    const there = byLink.get(address.index);
    if (there === undefined) byLink.set(address.index, [address]);
    else there.push(address);
  }
  return links
    .filter(({ loopback }) => !loopback)
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, name, hardwareAddress, running }) => ({
      name,
      mac: formatMac(hardwareAddress),
      addresses: (byLink.get(index) ?? []).toSorted((a, b) => standing(a) - standing(b)).map(addressText),
      ...(running ? {} : { down: true }),
    }));
}

/** Sort key, best source first: first of its subnet, then other and temporary ones, then deprecated, then not yet usable. */
function standing({ bytes, flags }: LinkAddress): number {
  const family = bytes.length === 4 ? 0 : 4;
  if ((flags & IFA_F.tentative) !== 0 && (flags & IFA_F.optimistic) === 0) return family + 3;
  if ((flags & IFA_F.deprecated) !== 0) return family + 2;
  return (flags & IFA_F.secondary) !== 0 ? family + 1 : family;
}

function addressText({ bytes }: LinkAddress): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: string[] = [];
  for (let at = 0; at < bytes.length; at += 2) {
    groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  }
  return canonical(groups.join(":"));
}

/** The canonical spelling without scope, for comparisons. */
function canonical(text: string): string {
  return parseIp(text)?.text ?? text;
}

/** Ethernet (EUI-48), EUI-64 such as IEEE 1394, InfiniBand. The addresses of tunnels have other lengths. */
const MAC_LENGTHS: readonly number[] = [6, 8, 20];

function formatMac(bytes: Uint8Array): string {
  if (!MAC_LENGTHS.includes(bytes.length) || bytes.every((byte) => byte === 0)) return "";
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/..(?=.)/g, "$&:");
}

/**
 * Lists what Node and sysfs know, for a machine on which koffi does not load. An interface without carrier shows no address.
 */
export function listWithoutLibc(sysClassNet: string): readonly NetworkInterface[] {
  const known = networkInterfaces();
  const read = attempt(() => readdirSync(sysClassNet));
  const names = new Set([...(read.ok ? read.value : []), ...Object.keys(known)]);
  const listed: NetworkInterface[] = [];
  for (const name of names) {
    const addresses = known[name] ?? [];
    if (name === "lo" || addresses.some(({ internal }) => internal)) continue;
    const mac = readText(join(sysClassNet, name, "address"));
    // The folder also holds files such as bonding_masters.
    if (mac === undefined && addresses.length === 0) continue;
    const text = mac ?? addresses[0]?.mac ?? "";
    listed.push({
      name,
      mac: formatMac(Buffer.from(text.replaceAll(":", ""), "hex")),
      addresses: addresses.map(({ address }) => canonical(address)),
    });
  }
  return listed.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The index of an interface; `undefined` if no interface has this name. */
export function interfaceIndex(sysClassNet: string, name: string): number | undefined {
  if (!/^[^/\0]+$/.test(name) || name === "." || name === "..") return undefined;
  const text = readText(join(sysClassNet, name, "ifindex"));
  return text !== undefined && /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined;
}

/** The name of the interface with this index; `undefined` if there is none. */
export function interfaceName(sysClassNet: string, index: number): string | undefined {
  const read = attempt(() => readdirSync(sysClassNet));
  return read.ok ? read.value.find((name) => interfaceIndex(sysClassNet, name) === index) : undefined;
}

function readText(path: string): string | undefined {
  const read = readWhole(path);
  return read.ok ? read.value.toString("latin1").trim() : undefined;
}
