/** Submission and completion queue entries (NVMe Base 2.0, 3.3.3), with the commands that a discovery controller receives. */
import { OPCODE as OURS } from "../../../src/core/codec/admin.js";
import { CQE_BYTES } from "./pdu.js";

/** Opcodes of the admin queue. */
export const OPCODE = {
  ...OURS,
  abort: 0x08,
  setFeatures: 0x09,
  getFeatures: 0x0a,
  asyncEventRequest: 0x0c,
  keepAlive: 0x18,
  fabrics: 0x7f,
} as const;

/** Fabrics Command Type (NVMe Base 2.0, 6). */
export const FCTYPE = { propertySet: 0x00, connect: 0x01, propertyGet: 0x04, disconnect: 0x08 } as const;

/** Features of a discovery controller. */
export const FEATURE = { asyncEvents: 0x0b, keepAliveTimer: 0x0f } as const;

/**
 * NVMe statuses as the kernel's ioctl returns them: SC, SCT << 8, More 0x2000, Do Not Retry 0x4000. A status is any 15-bit
 * number.
 */
export const STATUS = {
  success: 0,
  invalidOpcode: 0x4001,
  invalidField: 0x4002,
  commandSequence: 0x400c,
  sglLength: 0x400f,
  eventLimit: 0x4105,
  invalidLogPage: 0x4109,
  invalidDiscoveryInformation: 0x412f,
  connectInvalid: 0x4182,
  hostNotAllowed: 0x4184,
} as const;

export const STATUS_MAX = 0x7fff;

/** Whether a command transfers data, and in which direction. */
type Transfer = "none" | "to-controller" | "from-controller";

/** SGL descriptor types of NVMe/TCP (3.3.2): data in the capsule, and data on request. */
const SGL = { inCapsule: 0x01, onRequest: 0x5a } as const;

export interface Command {
  readonly opcode: number;
  /** For a fabrics command only; otherwise undefined. */
  readonly fctype: number | undefined;
  readonly cid: number;
  readonly transfer: Transfer;
  readonly sgl: {
    readonly kind: "in-capsule" | "on-request" | "unknown";
    readonly offset: bigint;
    readonly length: number;
  };
  readonly cdw10: number;
  readonly cdw11: number;
  readonly cdw12: number;
  readonly cdw13: number;
  /** All 64 bytes. */
  readonly entry: DataView;
}

/** Decodes a submission queue entry of 64 bytes. */
export function decodeCommand(bytes: Uint8Array): Command {
  const entry = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const opcode = entry.getUint8(0);
  const fctype = opcode === OPCODE.fabrics ? entry.getUint8(4) : undefined;
  const type = entry.getUint8(39);
  return {
    opcode,
    fctype,
    cid: entry.getUint16(2, true),
    transfer: transferOf(fctype ?? opcode),
    sgl: {
      kind: type === SGL.inCapsule ? "in-capsule" : type === SGL.onRequest ? "on-request" : "unknown",
      offset: entry.getBigUint64(24, true),
      length: entry.getUint32(32, true),
    },
    cdw10: entry.getUint32(40, true),
    cdw11: entry.getUint32(44, true),
    cdw12: entry.getUint32(48, true),
    cdw13: entry.getUint32(52, true),
    entry,
  };
}

/** The lowest two bits of an opcode or fabrics command type give the direction (NVMe Base 2.0, 3.3.3.1). */
function transferOf(code: number): Transfer {
  const bits = code & 3;
  return bits === 1 ? "to-controller" : bits === 2 ? "from-controller" : "none";
}

interface Completion {
  readonly cid: number;
  /** Submission queue head; 0xffff if the host disabled flow control. */
  readonly head: number;
  readonly status: number;
  /** Dwords 0 and 1. */
  readonly result: bigint;
}

/** Encodes a completion queue entry of the admin queue. */
export function encodeCompletion({ cid, head, status, result }: Completion): Uint8Array {
  const bytes = new Uint8Array(CQE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, result), true);
  view.setUint16(8, head, true);
  view.setUint16(12, cid, true);
  view.setUint16(14, (status & STATUS_MAX) << 1, true);
  return bytes;
}

/** The parameters of a Get Log Page. */
export interface LogRead {
  readonly lid: number;
  readonly lsp: number;
  /** Retain Asynchronous Event. */
  readonly rae: boolean;
  /** In bytes. */
  readonly offset: bigint;
  /** In bytes. */
  readonly length: number;
}

/** Decodes dwords 10 to 13 of a Get Log Page. */
export function logReadOf({ cdw10, cdw11, cdw12, cdw13 }: Command): LogRead {
  return {
    lid: cdw10 & 0xff,
    lsp: (cdw10 >>> 8) & 0x7f,
    rae: (cdw10 & 0x8000) !== 0,
    offset: (BigInt(cdw13) << 32n) | BigInt(cdw12),
    length: ((cdw11 & 0xffff) * 0x10000 + (cdw10 >>> 16) + 1) * 4,
  };
}

/** A Connect's own fields (NVMe Base 2.0, 6.3). */
interface ConnectCommand {
  readonly recordFormat: number;
  readonly queue: number;
  /** SQSIZE, zero-based. */
  readonly queueSize: number;
  /** CATTR bit 2. */
  readonly flowControl: "on" | "off";
  /** In milliseconds; 0 is off. */
  readonly kato: number;
}

export function connectOf({ entry }: Command): ConnectCommand {
  return {
    recordFormat: entry.getUint16(40, true),
    queue: entry.getUint16(42, true),
    queueSize: entry.getUint16(44, true),
    flowControl: (entry.getUint8(46) & 4) === 0 ? "on" : "off",
    kato: entry.getUint32(48, true),
  };
}
