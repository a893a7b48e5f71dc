/** NVMe/TCP PDUs as a controller reads and writes them (NVMe TCP Transport Specification 1.0, 3.6.2), without digests. */

/** PDU-Type. */
const PDU = {
  icReq: 0x00,
  icResp: 0x01,
  h2cTermReq: 0x02,
  c2hTermReq: 0x03,
  capsuleCmd: 0x04,
  capsuleResp: 0x05,
  h2cData: 0x06,
  c2hData: 0x07,
  r2t: 0x09,
} as const;

/** Fatal Error Status of a TermReq. */
export const FATAL = {
  invalidHeader: 1,
  sequence: 2,
  headerDigest: 3,
  outOfRange: 4,
  limit: 5,
  unsupported: 6,
} as const;

/** Common header. */
const CH_BYTES = 8;
const IC_BYTES = 128;
/** Header of a CapsuleCmd: the common header and a submission queue entry. */
const COMMAND_HEADER_BYTES = 72;
export const CQE_BYTES = 16;
/** Header of a CapsuleResp, C2HData, H2CData, R2T and TermReq. */
const SHORT_HEADER_BYTES = 24;
/** A TermReq carries at most the header of the invalid PDU. */
const TERM_DATA_BYTES_MAX = 128;

/** The most data that a fabrics or admin command carries in its capsule (NVMe TCP, 3.3.1.3). */
export const CAPSULE_DATA_BYTES_MAX = 8192;
/** MAXH2CDATA of the ICResp: the most that one H2CData PDU may carry. */
const H2C_DATA_BYTES_MAX = 65_536;
/** CPDA is 0 here, but a host may still align more strictly. */
const ALIGNMENT_BYTES_MAX = 128;

const FLAG = { headerDigest: 1, dataDigest: 2, last: 4 } as const;

/** The PDUs that a host may send. */
export type HostPdu =
  | {
      readonly kind: "ic-req";
      readonly format: number;
      /** HPDA in bytes: the alignment of data in a C2HData PDU. */
      readonly alignment: number;
      /** DGST: bit 0 header, bit 1 data. */
      readonly digests: number;
    }
  | { readonly kind: "command"; readonly entry: Uint8Array; readonly data: Uint8Array }
  | {
      readonly kind: "data";
      readonly cid: number;
      readonly tag: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
      readonly last: boolean;
    }
  | { readonly kind: "terminate"; readonly status: number };

/** An invalid PDU, for which this controller ends the connection. */
export class PduError extends Error {
  override readonly name = "PduError";
  readonly status: number;
  /** FEI: the offset of the invalid header byte. */
  readonly information: number;
  readonly header: Uint8Array;

  constructor(status: number, information: number, header: Uint8Array) {
    super(`a PDU with fatal error ${status} at byte ${information}`);
    this.status = status;
    this.information = information;
    this.header = header.slice(0, TERM_DATA_BYTES_MAX);
  }
}

/** The header length and maximum length of each type that a host may send. */
const HOST_PDUS: ReadonlyMap<number, { readonly header: number; readonly max: number }> = new Map([
  [PDU.icReq, { header: IC_BYTES, max: IC_BYTES }],
  [PDU.h2cTermReq, { header: SHORT_HEADER_BYTES, max: SHORT_HEADER_BYTES + TERM_DATA_BYTES_MAX }],
  [
    PDU.capsuleCmd,
    { header: COMMAND_HEADER_BYTES, max: COMMAND_HEADER_BYTES + ALIGNMENT_BYTES_MAX + CAPSULE_DATA_BYTES_MAX },
  ],
  [PDU.h2cData, { header: SHORT_HEADER_BYTES, max: SHORT_HEADER_BYTES + ALIGNMENT_BYTES_MAX + H2C_DATA_BYTES_MAX }],
]);

const NOTHING = Buffer.alloc(0);

/** Splits a host's bytes into PDUs. Holds less than one PDU after `next` returns undefined. */
export class PduStream {
  #held: Buffer = NOTHING;

  push(bytes: Uint8Array): void {
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
  }

  /** The next whole PDU, or undefined if there is none yet. Throws PduError, after which the stream is unusable. */
  next(): HostPdu | undefined {
    const held = this.#held;
    if (held.length < CH_BYTES) return undefined;
    const length = checkedLength(held);
    if (held.length < length) return undefined;
    this.#held = held.subarray(length);
    return decode(held.subarray(0, length));
  }
}

function checkedLength(held: Buffer): number {
  const wrong = (information: number): PduError => new PduError(FATAL.invalidHeader, information, held);
  const known = HOST_PDUS.get(held.readUInt8(0));
  if (known === undefined) throw wrong(0);
  if ((held.readUInt8(1) & (FLAG.headerDigest | FLAG.dataDigest)) !== 0) throw wrong(1);
  if (held.readUInt8(2) !== known.header) throw wrong(2);
  const length = held.readUInt32LE(4);
  if (length < known.header || length > known.max) throw wrong(4);
  return length;
}

function decode(pdu: Buffer): HostPdu {
  switch (pdu.readUInt8(0)) {
    case PDU.icReq:
      return {
        kind: "ic-req",
        format: pdu.readUInt16LE(8),
        alignment: ((pdu.readUInt8(10) & 0x1f) + 1) * 4,
        digests: pdu.readUInt8(11),
      };
    case PDU.capsuleCmd:
      return { kind: "command", entry: pdu.subarray(CH_BYTES, COMMAND_HEADER_BYTES), data: dataOf(pdu) };
    case PDU.h2cData:
      return decodeData(pdu);
    default:
      return { kind: "terminate", status: pdu.readUInt16LE(8) };
  }
}

function decodeData(pdu: Buffer): HostPdu {
  const bytes = dataOf(pdu);
  if (pdu.readUInt32LE(16) !== bytes.length) throw new PduError(FATAL.invalidHeader, 16, pdu);
  return {
    kind: "data",
    cid: pdu.readUInt16LE(8),
    tag: pdu.readUInt16LE(10),
    offset: pdu.readUInt32LE(12),
    bytes,
    last: (pdu.readUInt8(1) & FLAG.last) !== 0,
  };
}

/** The data after the header, from PDO on. */
function dataOf(pdu: Buffer): Buffer {
  const header = pdu.readUInt8(2);
  if (pdu.length === header) return NOTHING;
  const start = pdu.readUInt8(3);
  if (start < header || start > pdu.length) throw new PduError(FATAL.invalidHeader, 3, pdu);
  return pdu.subarray(start);
}

function commonHeader(type: number, flags: number, header: number, start: number, length: number): Buffer {
  const pdu = Buffer.alloc(length);
  pdu.writeUInt8(type, 0);
  pdu.writeUInt8(flags, 1);
  pdu.writeUInt8(header, 2);
  pdu.writeUInt8(start, 3);
  pdu.writeUInt32LE(length, 4);
  return pdu;
}

/** The answer to an ICReq: PFV 0, CPDA 0, digests off. */
export function icResp(): Buffer {
  const pdu = commonHeader(PDU.icResp, 0, IC_BYTES, 0, IC_BYTES);
  pdu.writeUInt32LE(H2C_DATA_BYTES_MAX, 12);
  return pdu;
}

/** A response capsule around a completion queue entry. */
export function capsuleResp(completion: Uint8Array): Buffer {
  const pdu = commonHeader(PDU.capsuleResp, 0, SHORT_HEADER_BYTES, 0, SHORT_HEADER_BYTES);
  pdu.set(completion.subarray(0, CQE_BYTES), CH_BYTES);
  return pdu;
}

/** The most data that one C2HData PDU of this controller carries. */
const C2H_DATA_BYTES_MAX = 131_072;

/** All of a command's data for the host, in as many PDUs as needed. The last is marked. A response must follow. */
export function c2hData(cid: number, data: Uint8Array, alignment: number): readonly Buffer[] {
  const start = Math.ceil(SHORT_HEADER_BYTES / alignment) * alignment;
  const pdus: Buffer[] = [];
  for (let offset = 0; offset < data.length; offset += C2H_DATA_BYTES_MAX) {
    const part = data.subarray(offset, offset + C2H_DATA_BYTES_MAX);
    const flags = offset + part.length === data.length ? FLAG.last : 0;
    const pdu = commonHeader(PDU.c2hData, flags, SHORT_HEADER_BYTES, start, start + part.length);
    pdu.writeUInt16LE(cid, 8);
    pdu.writeUInt32LE(offset, 12);
    pdu.writeUInt32LE(part.length, 16);
    pdu.set(part, start);
    pdus.push(pdu);
  }
  return pdus;
}

/** Ready to Transfer: requests the first `length` bytes of a command's data. */
export function r2t(cid: number, tag: number, length: number): Buffer {
  const pdu = commonHeader(PDU.r2t, 0, SHORT_HEADER_BYTES, 0, SHORT_HEADER_BYTES);
  pdu.writeUInt16LE(cid, 8);
  pdu.writeUInt16LE(tag, 10);
  pdu.writeUInt32LE(0, 12);
  pdu.writeUInt32LE(length, 16);
  return pdu;
}

/** The last PDU before this controller closes the connection. */
export function c2hTermReq(error: PduError): Buffer {
  const length = SHORT_HEADER_BYTES + error.header.length;
  const pdu = commonHeader(PDU.c2hTermReq, 0, SHORT_HEADER_BYTES, 0, length);
  pdu.writeUInt16LE(error.status, 8);
  pdu.writeUInt32LE(error.information, 10);
  pdu.set(error.header, SHORT_HEADER_BYTES);
  return pdu;
}
