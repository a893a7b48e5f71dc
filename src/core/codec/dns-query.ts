/** Queries for multicast DNS, encoded without compression (RFC 1035, 4.1; RFC 6762, 7 and 18). */
import { DNS_TYPE, type DnsKind } from "./dns.js";
import { encodeDnsName, type DnsName } from "./dns-name.js";

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
const FLAG_TRUNCATED = 0x0200;
const CLASS_IN = 1;

/** The content of one datagram. */
interface Packet {
  readonly questions: Uint8Array[];
  readonly answers: Uint8Array[];
}

/**
 * Encodes a query as datagrams. Known answers that do not fit beside their questions follow in further datagrams; all but
 * the last are marked truncated (RFC 6762, 7.2). Questions that do not fit become a query of their own.
 *
 * @throws EncodeError if a name is not valid
 */
export function encodeDnsQuery(
  questions: readonly DnsQuestion[],
  known: readonly KnownAnswer[],
): readonly Uint8Array[] {
  const packets: Packet[] = [];
  let packet: Packet = { questions: [], answers: [] };
  let size = HEADER_BYTES;
  const add = (to: "questions" | "answers", bytes: Uint8Array): void => {
    if (size > HEADER_BYTES && size + bytes.length > DNS_QUERY_BYTES_MAX) {
      packets.push(packet);
      packet = { questions: [], answers: [] };
      size = HEADER_BYTES;
    }
    packet[to].push(bytes);
    size += bytes.length;
  };
  for (const { name, type } of questions)
    add("questions", concat([encodeDnsName(name), uint16(DNS_TYPE[type], CLASS_IN)]));
  for (const answer of known) add("answers", encodeAnswer(answer));
  packets.push(packet);
  return packets.map((one, at) => {
    // Only known answers continue a packet. A packet followed by questions is complete.
    const continued = (packets[at + 1]?.answers.length ?? 0) > 0;
    const header = uint16(0, continued ? FLAG_TRUNCATED : 0, one.questions.length, one.answers.length, 0, 0);
    return concat([header, ...one.questions, ...one.answers]);
  });
}

function encodeAnswer({ name, target, ttl }: KnownAnswer): Uint8Array {
  const data = encodeDnsName(target);
  const fields = uint16(DNS_TYPE.ptr, CLASS_IN, Math.floor(ttl / 0x1_0000), ttl % 0x1_0000, data.length);
  return concat([encodeDnsName(name), fields, data]);
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
