/** Queries for multicast DNS (RFC 1035, 4.1; RFC 6762, 7 and 18). Names are compressed, so that one holds many known answers. */
import { DNS_TYPE, type DnsKind } from "./dns.js";
import { compressDnsName, type DnsName } from "./dns-name.js";

export interface DnsQuestion {
  readonly name: DnsName;
  readonly type: DnsKind;
}

/** A pointer record that is already known, so that no responder needs to send it. */
export interface KnownAnswer {
  readonly name: DnsName;
  readonly target: DnsName;
  /** Remaining time to live, in seconds. */
  readonly ttl: number;
}

/** A query fits an Ethernet frame in either address family (RFC 6762, 17). */
export const DNS_QUERY_BYTES_MAX = 1_440;

const HEADER_BYTES = 12;
/** Of a record, between its name and its data: type, class, time to live, length. */
const RECORD_FIELDS_BYTES = 10;
const FLAG_TRUNCATED = 0x0200;
const CLASS_IN = 1;

/** One datagram as it grows. */
class Packet {
  readonly #parts: Uint8Array[] = [];
  readonly #names = new Map<string, number>();
  #questions = 0;
  #answers = 0;
  #size = HEADER_BYTES;

  /** False if it does not fit. The first one always does. */
  addQuestion({ name, type }: DnsQuestion): boolean {
    const { bytes, added } = compressDnsName(name, this.#size, this.#names);
    const fits = this.#add([bytes, uint16(DNS_TYPE[type], CLASS_IN)], added);
    if (fits) this.#questions += 1;
    return fits;
  }

  /** False if it does not fit. The first one always does. */
  addAnswer({ name, target, ttl }: KnownAnswer): boolean {
    const owner = compressDnsName(name, this.#size, this.#names);
    const dataAt = this.#size + owner.bytes.length + RECORD_FIELDS_BYTES;
    const data = compressDnsName(target, dataAt, new Map([...this.#names, ...owner.added]));
    const fields = uint16(DNS_TYPE.ptr, CLASS_IN, Math.floor(ttl / 0x1_0000), ttl % 0x1_0000, data.bytes.length);
    const fits = this.#add([owner.bytes, fields, data.bytes], [...owner.added, ...data.added]);
    if (fits) this.#answers += 1;
    return fits;
  }

  #add(parts: readonly Uint8Array[], names: Iterable<readonly [string, number]>): boolean {
    const bytes = concat(parts);
    if (this.#parts.length > 0 && this.#size + bytes.length > DNS_QUERY_BYTES_MAX) return false;
    this.#parts.push(bytes);
    this.#size += bytes.length;
    for (const [suffix, offset] of names) this.#names.set(suffix, offset);
    return true;
  }

  encode(flags: number): Uint8Array {
    return concat([uint16(0, flags, this.#questions, this.#answers, 0, 0), ...this.#parts]);
  }
}

/**
 * Encodes a query as datagrams. What does not fit follows in further datagrams. All but the last are marked truncated if there
 * are known answers (RFC 6762, 7.2).
 *
 * @throws EncodeError if a name is not valid
 */
export function encodeDnsQuery(
  questions: readonly DnsQuestion[],
  known: readonly KnownAnswer[],
): readonly Uint8Array[] {
  let packet = new Packet();
  const packets = [packet];
  const add = (to: (packet: Packet) => boolean): void => {
    if (to(packet)) return;
    packet = new Packet();
    packets.push(packet);
    to(packet);
  };
  for (const question of questions) add((to) => to.addQuestion(question));
  for (const answer of known) add((to) => to.addAnswer(answer));
  return packets.map((one) => one.encode(known.length > 0 && one !== packet ? FLAG_TRUNCATED : 0));
}

function uint16(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, at) => {
    view.setUint16(2 * at, value);
  });
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
