/**
 * Multicast DNS messages (RFC 1035, 4; RFC 6762, 18): decoded whole or refused. Records of types that discovery does not
 * use are skipped. Records of the other types must be well formed.
 */
import { parseIp } from "../domain/ip-address.js";
import { decodeDnsName, type DnsName } from "./dns-name.js";
import { DecodeError } from "./error.js";
import { decodeUtf8 } from "./text.js";

export const DNS_TYPE = { a: 1, ptr: 12, txt: 16, aaaa: 28, srv: 33 } as const;

export type DnsData =
  | { readonly kind: "ptr"; readonly target: DnsName }
  | { readonly kind: "srv"; readonly port: number; readonly target: DnsName }
  | { readonly kind: "txt"; readonly strings: readonly string[] }
  | { readonly kind: "a"; readonly address: string }
  | { readonly kind: "aaaa"; readonly address: string };

export type DnsKind = DnsData["kind"];

export interface DnsRecord {
  readonly name: DnsName;
  /** It replaces the known records of its name and type (RFC 6762, 10.2). */
  readonly flush: boolean;
  /** Seconds; 0 is a goodbye. */
  readonly ttl: number;
  readonly data: DnsData;
}

export interface DnsMessage {
  readonly kind: "query" | "response";
  /** Further messages continue it (TC). */
  readonly truncated: boolean;
  /** Answers and additional records, in message order. */
  readonly records: readonly DnsRecord[];
}

/** The longest message that mDNS allows (RFC 6762, 17). */
export const DNS_MESSAGE_BYTES_MAX = 9_000;
/** The most questions and records in one message. A message with more counts as an attack. */
export const DNS_ENTRIES_MAX = 512;
const HEADER_BYTES = 12;
const FLAG_RESPONSE = 0x8000;
const FLAG_TRUNCATED = 0x0200;
const OPCODE = 0x7800;
const RCODE = 0x000f;
const CLASS_IN = 1;
/** In a record: cache flush. In a question: a unicast response is welcome. */
const CLASS_TOP = 0x8000;

const WHAT = "DNS message";

/** Decodes a message. Throws DecodeError if it is malformed, or if its opcode or response code is not 0. */
export function decodeDns(bytes: Uint8Array): DnsMessage {
  if (bytes.length < HEADER_BYTES) throw new DecodeError(WHAT, "it is cut short");
  if (bytes.length > DNS_MESSAGE_BYTES_MAX) throw new DecodeError(WHAT, "it is too long");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  if ((flags & (OPCODE | RCODE)) !== 0) throw new DecodeError(WHAT, "its opcode or its response code is not 0");
  const counts = [4, 6, 8, 10].map((offset) => view.getUint16(offset));
  const [questions = 0, answers = 0, authority = 0, additional = 0] = counts;
  if (questions + answers + authority + additional > DNS_ENTRIES_MAX)
    throw new DecodeError(WHAT, "it holds too many questions and records");
  let at = HEADER_BYTES;
  for (let i = 0; i < questions; i++) {
    at = decodeDnsName(bytes, at).next + 4;
    if (at > bytes.length) throw new DecodeError(WHAT, "it is cut short");
  }
  const records: DnsRecord[] = [];
  for (let i = 0; i < answers + authority + additional; i++) {
    const { record, next } = decodeRecord(bytes, view, at);
    // Records in the authority section of a probe are not announced yet (RFC 6762, 8.2).
    const isAnnounced = i < answers || i >= answers + authority;
    if (record !== undefined && isAnnounced) records.push(record);
    at = next;
  }
  const kind = (flags & FLAG_RESPONSE) === 0 ? "query" : "response";
  return { kind, truncated: (flags & FLAG_TRUNCATED) !== 0, records };
}

function decodeRecord(
  bytes: Uint8Array,
  view: DataView,
  start: number,
): { readonly record: DnsRecord | undefined; readonly next: number } {
  const { name, next: at } = decodeDnsName(bytes, start);
  if (at + 10 > bytes.length) throw new DecodeError(WHAT, "it is cut short");
  const type = view.getUint16(at);
  const dnsClass = view.getUint16(at + 2);
  // The top bit is not part of a valid time to live (RFC 2181, 8).
  const ttl = view.getUint32(at + 4) & 0x7fff_ffff;
  const from = at + 10;
  const to = from + view.getUint16(at + 8);
  if (to > bytes.length) throw new DecodeError(WHAT, "a record runs past its end");
  if ((dnsClass & ~CLASS_TOP) !== CLASS_IN) return { record: undefined, next: to };
  const data = decodeData(bytes, view, type, from, to);
  const flush = (dnsClass & CLASS_TOP) !== 0;
  return { record: data === undefined ? undefined : { name, flush, ttl, data }, next: to };
}

function decodeData(bytes: Uint8Array, view: DataView, type: number, from: number, to: number): DnsData | undefined {
  switch (type) {
    case DNS_TYPE.ptr:
      return { kind: "ptr", target: nameWithin(bytes, from, to) };
    case DNS_TYPE.srv:
      if (to - from < 7) throw new DecodeError(WHAT, "an SRV record is cut short");
      return { kind: "srv", port: view.getUint16(from + 4), target: nameWithin(bytes, from + 6, to) };
    case DNS_TYPE.txt:
      return { kind: "txt", strings: decodeStrings(bytes, from, to) };
    case DNS_TYPE.a:
      if (to - from !== 4) throw new DecodeError(WHAT, "an A record is not 4 bytes long");
      return { kind: "a", address: bytes.subarray(from, to).join(".") };
    case DNS_TYPE.aaaa:
      if (to - from !== 16) throw new DecodeError(WHAT, "an AAAA record is not 16 bytes long");
      return { kind: "aaaa", address: ipv6Text(view, from) };
    default:
      return undefined;
  }
}

/** The name that fills the rest of a record's data. */
function nameWithin(bytes: Uint8Array, from: number, to: number): DnsName {
  const { name, next } = decodeDnsName(bytes, from);
  if (next !== to) throw new DecodeError(WHAT, "a name does not fill its record");
  return name;
}

/** The strings of a TXT record. Empty ones mean nothing (RFC 6763, 6.1). */
function decodeStrings(bytes: Uint8Array, from: number, to: number): readonly string[] {
  const strings: string[] = [];
  for (let at = from; at < to;) {
    const end = at + 1 + (bytes[at] ?? 0);
    if (end > to) throw new DecodeError(WHAT, "a TXT record is cut short");
    if (end > at + 1) strings.push(decodeUtf8(bytes.subarray(at + 1, end)));
    at = end;
  }
  return strings;
}

function ipv6Text(view: DataView, from: number): string {
  const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(from + 2 * at).toString(16)).join(":");
  return parseIp(groups)?.text ?? groups;
}
