/** DNS messages of the responders on simulated links (RFC 1035, RFC 6762, RFC 6763). Writes no compressed names. */
import { parseNetAddress } from "./net/address.js";
import type { ResponderSpec } from "./spec.js";

const TYPE = { a: 1, ptr: 12, txt: 16, aaaa: 28, srv: 33, any: 255 } as const;
/** The types of a service's records. */
export const RECORD_TYPES: readonly number[] = [TYPE.ptr, TYPE.srv, TYPE.txt, TYPE.a, TYPE.aaaa];
const CLASS_IN = 1;
/** The record replaces the cached records of that name and type (RFC 6762, 10.2). */
const CACHE_FLUSH = 0x8000;
const FLAG_RESPONSE = 0x8000;
const FLAG_TRUNCATED = 0x0200;
/** An authoritative response. */
const FLAGS_ANSWER = 0x8400;
const HEADER_BYTES = 12;
const LABEL_MAX = 63;
const POINTER = 0xc0;
/** No sane query has more questions or answers, or a name with more labels. */
const ENTRIES_MAX = 100;
const LABELS_MAX = 128;

interface DnsQuestion {
  /** Lower case, without the trailing dot. */
  readonly name: string;
  readonly type: number;
}

interface DnsRecord {
  readonly name: readonly string[];
  readonly type: number;
  readonly flush: number;
  readonly data: Uint8Array;
}

function nameBytes(labels: readonly string[]): Buffer {
  const parts = labels.map((label) => {
    const text = Buffer.from(label, "utf8").subarray(0, LABEL_MAX);
    return Buffer.concat([Buffer.from([text.length]), text]);
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function uint16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => bytes.writeUInt16BE(value & 0xffff, 2 * index));
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function recordBytes({ name, type, flush, data }: DnsRecord, ttlSeconds: number): Buffer {
  const head = [nameBytes(name), uint16(type, CLASS_IN | flush), uint32(ttlSeconds), uint16(data.length)];
  return Buffer.concat([...head, data]);
}

function labelsOf(name: string): readonly string[] {
  return name.split(".").filter((label) => label !== "");
}

function hostLabels(hostName: string): readonly string[] {
  const labels = labelsOf(hostName);
  return labels.at(-1) === "local" ? labels : [...labels, "local"];
}

function addressRecord(name: readonly string[], text: string): DnsRecord | undefined {
  const address = parseNetAddress(text);
  if (address === undefined) return undefined;
  const groups = address.family === 4 ? address.groups.slice(6) : address.groups;
  const type = address.family === 4 ? TYPE.a : TYPE.aaaa;
  return { name, type, flush: CACHE_FLUSH, data: uint16(...groups) };
}

/** The records of a responder's service: PTR, SRV, TXT and addresses, or those of `types`. A goodbye has a TTL of 0. */
export function serviceMessage(
  responder: ResponderSpec,
  ttlSeconds: number,
  types: readonly number[] = RECORD_TYPES,
): Uint8Array {
  const type = [...labelsOf(responder.type), "local"];
  const instance = [responder.instance, ...type];
  const host = hostLabels(responder.hostName);
  const texts = responder.txt.map((text) => {
    const bytes = Buffer.from(text, "utf8").subarray(0, 255);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  const txt = texts.length === 0 ? Buffer.from([0]) : Buffer.concat(texts);
  const records: DnsRecord[] = [
    { name: type, type: TYPE.ptr, flush: 0, data: nameBytes(instance) },
    {
      name: instance,
      type: TYPE.srv,
      flush: CACHE_FLUSH,
      data: Buffer.concat([uint16(0, 0, responder.port), nameBytes(host)]),
    },
    { name: instance, type: TYPE.txt, flush: CACHE_FLUSH, data: txt },
  ];
  for (const text of responder.addresses) {
    const record = addressRecord(host, text);
    if (record !== undefined) records.push(record);
  }
  const sent = records.filter(({ type: one }) => types.includes(one));
  const header = uint16(0, FLAGS_ANSWER, 0, sent.length, 0, 0);
  return Buffer.concat([header, ...sent.map((record) => recordBytes(record, ttlSeconds))]);
}

/** Reads one name. A pointer counts as a label, so that a loop of pointers ends. */
function readName(message: Uint8Array, start: number): { readonly name: string; readonly next: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let next: number | undefined;
  for (let i = 0; i < LABELS_MAX; i++) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return { name: labels.join(".").toLowerCase(), next: next ?? at + 1 };
    if ((length & POINTER) === POINTER) {
      const low = message[at + 1];
      if (low === undefined) return undefined;
      const target = ((length & ~POINTER) << 8) | low;
      next ??= at + 2;
      at = target;
      continue;
    }
    if (length > LABEL_MAX || at + 1 + length > message.length) return undefined;
    labels.push(Buffer.from(message.subarray(at + 1, at + 1 + length)).toString("utf8"));
    at += 1 + length;
  }
  return undefined;
}

/** The parts of a query that a responder reads. */
interface DnsQuery {
  readonly questions: readonly DnsQuestion[];
  /** Known answers: the remaining TTL in seconds of each PTR record, by the name of its target. */
  readonly known: ReadonlyMap<string, number>;
  /** More known answers follow (TC). */
  readonly continued: boolean;
}

const NO_QUERY: DnsQuery = { questions: [], known: new Map(), continued: false };

/** Reads a query. Returns an empty query for a response, and what it could read of a message that is cut short. */
export function readQuery(message: Uint8Array): DnsQuery {
  if (message.length < HEADER_BYTES) return NO_QUERY;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if ((view.getUint16(2) & FLAG_RESPONSE) !== 0) return NO_QUERY;
  const questions: DnsQuestion[] = [];
  const known = new Map<string, number>();
  const query: DnsQuery = { questions, known, continued: (view.getUint16(2) & FLAG_TRUNCATED) !== 0 };
  let at = HEADER_BYTES;
  for (let i = Math.min(view.getUint16(4), ENTRIES_MAX); i > 0; i--) {
    const name = readName(message, at);
    if (name === undefined || name.next + 4 > message.length) return query;
    questions.push({ name: name.name, type: view.getUint16(name.next) });
    at = name.next + 4;
  }
  for (let i = Math.min(view.getUint16(6), ENTRIES_MAX); i > 0; i--) {
    const name = readName(message, at);
    if (name === undefined || name.next + 10 > message.length) return query;
    const data = name.next + 10;
    const target = view.getUint16(name.next) === TYPE.ptr ? readName(message, data) : undefined;
    if (target !== undefined) known.set(target.name, view.getUint32(name.next + 4));
    at = data + view.getUint16(name.next + 8);
  }
  return query;
}

/** Whether the querier knows a responder's PTR record: at least half of its TTL is left (RFC 6762, 7.1). */
export function isKnown(responder: ResponderSpec, known: DnsQuery["known"], ttlSeconds: number): boolean {
  const type = [...labelsOf(responder.type), "local"].join(".");
  return (known.get(`${responder.instance}.${type}`.toLowerCase()) ?? -1) * 2 >= ttlSeconds;
}

/** The types of a responder's records that a question asks for. A PTR record is shared with other responders. */
export function answersTo(responder: ResponderSpec, question: DnsQuestion): readonly number[] {
  const type = [...labelsOf(responder.type), "local"].join(".").toLowerCase();
  const asked = (...types: readonly number[]): readonly number[] =>
    types.filter((one) => question.type === one || question.type === TYPE.any);
  if (question.name === type) return asked(TYPE.ptr);
  if (question.name === `${responder.instance.toLowerCase()}.${type}`) return asked(TYPE.srv, TYPE.txt);
  if (question.name !== hostLabels(responder.hostName).join(".").toLowerCase()) return [];
  const families = responder.addresses.map((one) => parseNetAddress(one)?.family);
  return asked(TYPE.a, TYPE.aaaa).filter((one) => families.includes(one === TYPE.a ? 4 : 6));
}

export function isShared(type: number): boolean {
  return type === TYPE.ptr;
}
