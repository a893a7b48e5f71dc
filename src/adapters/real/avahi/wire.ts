/** The part of Avahi's D-Bus interface that this project uses, with signals as values. Their content comes from the network. */
import { DNS_MESSAGE_BYTES_MAX } from "../../../core/codec/dns.js";
import { decodeUtf8, encodeUtf8 } from "../../../core/codec/text.js";
import { parseIp } from "../../../core/domain/ip-address.js";
import type { ForeignCall } from "../bus/foreign.js";
import { readBody } from "../bus/unmarshal.js";
import { WireError, type Message, type WireValue } from "../bus/wire.js";

export const AVAHI = "org.freedesktop.Avahi";
const SERVER = `${AVAHI}.Server`;
export const BROWSER = `${AVAHI}.ServiceBrowser`;
export const RESOLVER = `${AVAHI}.ServiceResolver`;

const DOMAIN = "local";
/** AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC. */
const ANY = -1;
/** AVAHI_LOOKUP_USE_MULTICAST. */
const BY_MULTICAST = 2;

export type Family = "ipv4" | "ipv6";

/** AVAHI_PROTO_INET, AVAHI_PROTO_INET6. */
const PROTOCOLS: readonly Family[] = ["ipv4", "ipv6"];

/** A service announced on one interface over one family. */
export interface Item {
  /** The kernel's index of the interface. */
  readonly index: number;
  readonly family: Family;
  readonly instance: string;
  readonly type: string;
}

export interface Resolved {
  readonly item: Item;
  /** The family of `address`. */
  readonly family: Family;
  /** In canonical spelling. Avahi gives link-local addresses without scope. */
  readonly address: string;
  readonly port: number;
  readonly txt: readonly string[];
}

export type AvahiSignal =
  | { readonly kind: "new" | "removed"; readonly item: Item }
  | { readonly kind: "found"; readonly resolved: Resolved }
  | { readonly kind: "browser-failed" | "resolver-failed"; readonly path: string }
  | { readonly kind: "malformed" }
  /** Not of interest. */
  | { readonly kind: "other" };

export function itemKey({ index, family, type, instance }: Item): string {
  return `${String(index)} ${family} ${type} ${instance}`;
}

export function browse(type: string): ForeignCall {
  const args = [ANY, ANY, type, DOMAIN, BY_MULTICAST];
  return { path: "/", interface: SERVER, member: "ServiceBrowserNew", signature: "iissu", args, returns: "o" };
}

/** Asks for an address of this family, or of the family that Avahi knows first. */
export function resolve({ index, family, instance, type }: Item, wanted: Family | "any"): ForeignCall {
  const address = wanted === "any" ? ANY : PROTOCOLS.indexOf(wanted);
  const args = [index, PROTOCOLS.indexOf(family), instance, type, DOMAIN, address, BY_MULTICAST];
  return { path: "/", interface: SERVER, member: "ServiceResolverNew", signature: "iisssiu", args, returns: "o" };
}

/** Ends a browser or a resolver. */
export function free(path: string, of: typeof BROWSER | typeof RESOLVER): ForeignCall {
  return { path, interface: of, member: "Free", signature: "", args: [], returns: "" };
}

/** Parses a signal from Avahi. */
export function readSignal(message: Message): AvahiSignal {
  try {
    return readKnown(message);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { kind: "malformed" };
  }
}

function readKnown(message: Message): AvahiSignal {
  const { interface: of, member, path = "" } = message;
  switch (`${of ?? ""}.${member ?? ""}`) {
    case `${BROWSER}.ItemNew`:
      return itemSignal("new", readBody(message, "iisssu"));
    case `${BROWSER}.ItemRemove`:
      return itemSignal("removed", readBody(message, "iisssu"));
    case `${RESOLVER}.Found`:
      return foundSignal(readBody(message, "iissssisqaayu"));
    case `${BROWSER}.Failure`:
      return { kind: "browser-failed", path };
    case `${RESOLVER}.Failure`:
      return { kind: "resolver-failed", path };
    default:
      return { kind: "other" };
  }
}

function itemSignal(kind: "new" | "removed", values: readonly WireValue[]): AvahiSignal {
  const item = readItem(values);
  return item === undefined ? { kind: "malformed" } : { kind, item };
}

/** The length limit of a DNS label. */
const INSTANCE_BYTES_MAX = 63;

/** Avahi names an interface for every item, with an index above 0. */
function readItem([index, protocol, instance, type, domain]: readonly WireValue[]): Item | undefined {
  const family = familyOf(protocol);
  if (typeof index !== "number" || index <= 0 || family === undefined) return undefined;
  if (typeof instance !== "string" || typeof type !== "string" || domain !== DOMAIN) return undefined;
  const { length } = encodeUtf8(instance);
  return length === 0 || length > INSTANCE_BYTES_MAX ? undefined : { index, family, instance, type };
}

function familyOf(protocol: WireValue | undefined): Family | undefined {
  return typeof protocol === "number" ? PROTOCOLS[protocol] : undefined;
}

function foundSignal(values: readonly WireValue[]): AvahiSignal {
  const item = readItem(values);
  const [, , , , , , protocol, address, port, strings] = values;
  const family = familyOf(protocol);
  const txt = readTxt(strings);
  if (item === undefined || family === undefined || txt === undefined) return { kind: "malformed" };
  const ip = typeof address === "string" ? parseIp(address) : undefined;
  if (ip?.family !== family || typeof port !== "number") return { kind: "malformed" };
  return { kind: "found", resolved: { item, family, address: ip.text, port, txt } };
}

/** The length limit of one string in a TXT record. */
const STRING_BYTES_MAX = 255;

/** The strings in the order and spelling of the records; `undefined` if no record can hold them. */
function readTxt(strings: WireValue | undefined): readonly string[] | undefined {
  const texts: string[] = [];
  let bytes = 0;
  for (const string of listOf(strings)) {
    const given = Uint8Array.from(listOf(string).filter((one): one is number => typeof one === "number"));
    bytes += 1 + given.length;
    if (given.length > STRING_BYTES_MAX || bytes > DNS_MESSAGE_BYTES_MAX) return undefined;
    if (given.length > 0) texts.push(decodeUtf8(given));
  }
  return texts;
}

function listOf(value: WireValue | undefined): readonly WireValue[] {
  return isList(value) ? value : [];
}

/** `Array.isArray` does not narrow to a read-only array. */
function isList(value: WireValue | undefined): value is readonly WireValue[] {
  return Array.isArray(value);
}
