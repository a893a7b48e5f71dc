/** NVMe admin commands (NVMe Base 2.0, 5.16 and 5.17): Identify, Get Log Page. */
import type { Milliseconds } from "../domain/units.js";
import type { AdminCommand } from "../ports/fabrics.js";
import { DecodeError, EncodeError } from "./error.js";

/** Admin opcodes. */
export const OPCODE = { getLogPage: 0x02, identify: 0x06, discoveryInformationManagement: 0x21 } as const;

/** Log page identifiers. */
export const LID = { supportedLogPages: 0x00, discovery: 0x70 } as const;

/**
 * Log Specific Field of the discovery log page (TP8010; the values are libnvme's `enum nvmf_log_discovery_lsp`): extended
 * entries, port-local entries only, all NVM subsystem entries.
 */
export const DISCOVERY_LSP = { none: 0, extdlpe: 1 << 0, pleo: 1 << 1, allsube: 1 << 2 } as const;

/** Length of the Identify page, in bytes. */
export const IDENTIFY_BYTES = 4096;

/** CNS of Identify Controller. */
const CNS_CONTROLLER = 0x01;

const LSP_MAX = 0x7f;
const RAE_BIT = 0x8000;
const DWORD_BYTES = 4;
const TWO_TO_32 = 0x1_0000_0000;
/** NUMD has 32 bits and is zero-based, but a length must also fit the u32 of the ioctl. */
const LENGTH_MAX = TWO_TO_32 - DWORD_BYTES;

/** Whether the read retains the asynchronous event (RAE=1) or clears it, so that the next change raises a new one. */
export type RetainAsyncEvent = "retain" | "clear";

/** The fields of a Get Log Page. */
export interface LogPageRequest {
  readonly lid: number;
  /** 7 bits. */
  readonly lsp: number;
  readonly rae: RetainAsyncEvent;
  /** In bytes, a multiple of 4. */
  readonly offset: number;
  /** In bytes, a multiple of 4, at least 4. */
  readonly length: number;
}

/** Identify Controller; the reply is `IDENTIFY_BYTES` long. */
export function identifyController(timeout: Milliseconds): AdminCommand {
  return {
    opcode: OPCODE.identify,
    nsid: 0,
    cdw10: CNS_CONTROLLER,
    cdw11: 0,
    cdw12: 0,
    cdw13: 0,
    cdw14: 0,
    cdw15: 0,
    data: { direction: "from-controller", length: IDENTIFY_BYTES },
    timeout,
  };
}

/** Get Log Page. Throws EncodeError if the request does not fit the command. */
export function getLogPage(request: LogPageRequest & { readonly timeout: Milliseconds }): AdminCommand {
  const { lid, lsp, rae, offset, length } = request;
  if (!Number.isInteger(lid) || lid < 0 || lid > 0xff) throw new EncodeError("get log page", "lid is not one byte");
  if (!Number.isInteger(lsp) || lsp < 0 || lsp > LSP_MAX) throw new EncodeError("get log page", "lsp is not 7 bits");
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % DWORD_BYTES !== 0) {
    throw new EncodeError("get log page", "the offset is not a multiple of 4");
  }
  if (!Number.isSafeInteger(length) || length <= 0 || length > LENGTH_MAX || length % DWORD_BYTES !== 0) {
    throw new EncodeError("get log page", "the length is not a multiple of 4 that fits 32 bits");
  }
  const dwords = length / DWORD_BYTES - 1;
  return {
    opcode: OPCODE.getLogPage,
    nsid: 0,
    cdw10: (((dwords & 0xffff) << 16) | (rae === "retain" ? RAE_BIT : 0) | (lsp << 8) | lid) >>> 0,
    cdw11: dwords >>> 16,
    cdw12: offset % TWO_TO_32,
    cdw13: Math.floor(offset / TWO_TO_32),
    cdw14: 0,
    cdw15: 0,
    data: { direction: "from-controller", length },
    timeout: request.timeout,
  };
}

/**
 * Decodes a Get Log Page, as a controller does. Throws DecodeError if it is another command, if its data length does not
 * match NUMD, or if the offset is beyond 2^53.
 */
export function decodeGetLogPage(command: AdminCommand): LogPageRequest {
  if (command.opcode !== OPCODE.getLogPage)
    throw new DecodeError("get log page", "its opcode is not that of Get Log Page");
  const dwords = (command.cdw11 & 0xffff) * 0x10000 + (command.cdw10 >>> 16);
  const length = (dwords + 1) * DWORD_BYTES;
  if (command.data.direction !== "from-controller" || command.data.length !== length) {
    throw new DecodeError("get log page", "its data length does not match NUMD");
  }
  const offset = (command.cdw13 >>> 0) * TWO_TO_32 + (command.cdw12 >>> 0);
  if (!Number.isSafeInteger(offset)) throw new DecodeError("get log page", "its offset is beyond 2^53");
  return {
    lid: command.cdw10 & 0xff,
    lsp: (command.cdw10 >>> 8) & LSP_MAX,
    rae: (command.cdw10 & RAE_BIT) === 0 ? "clear" : "retain",
    offset,
    length,
  };
}
