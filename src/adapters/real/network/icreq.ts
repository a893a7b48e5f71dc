/**
 * The first exchange on an NVMe/TCP connection: Initialize Connection Request and Response (NVMe TCP Transport 1.0, sections 3.6.2.2
 * and 3.6.2.3). A PDU starts with type, flags, header length and data offset (one byte each) and its total length (32 bits).
 */

/** Length of either PDU; both consist of a header only. */
export const IC_PDU_BYTES = 128;

const ICREQ = 0x00;
const ICRESP = 0x01;
const PFV_1_0 = 0;

const AT = { type: 0, headerLength: 2, pduLength: 4, formatVersion: 8 } as const;

/** The ICReq that the kernel sends by default: no digests, no padding, one R2T at a time. */
export function encodeIcReq(): Uint8Array {
  const pdu = Buffer.alloc(IC_PDU_BYTES);
  pdu[AT.type] = ICREQ;
  pdu[AT.headerLength] = IC_PDU_BYTES;
  pdu.writeUInt32LE(IC_PDU_BYTES, AT.pduLength);
  pdu.writeUInt16LE(PFV_1_0, AT.formatVersion);
  return pdu;
}

/** The bytes that are the same in every ICResp. The others are parameters, which the kernel checks when it connects. */
const FIXED: readonly (readonly [at: number, byte: number])[] = [
  [AT.type, ICRESP],
  [AT.headerLength, IC_PDU_BYTES],
  [AT.pduLength, IC_PDU_BYTES],
  [AT.pduLength + 1, 0],
  [AT.pduLength + 2, 0],
  [AT.pduLength + 3, 0],
  [AT.formatVersion, PFV_1_0],
  [AT.formatVersion + 1, 0],
];

type IcRespVerdict = "incomplete" | "valid" | "invalid";

/** Checks the bytes that a peer has sent so far. The first wrong byte reveals a peer that speaks another protocol. */
export function judgeIcResp(received: Uint8Array): IcRespVerdict {
  for (const [at, byte] of FIXED) {
    if (at < received.length && received[at] !== byte) return "invalid";
  }
  return received.length < IC_PDU_BYTES ? "incomplete" : "valid";
}
