/** NVMe admin commands through `NVME_IOCTL_ADMIN_CMD`. */
import { ERRNO } from "../../core/domain/errno.js";
import type { AdminCommand, AdminReplyEvent } from "../../core/ports/fabrics.js";
import { stableBuffer, type Libc } from "./libc.js";

export type AdminResult = AdminReplyEvent["result"];

/** linux/nvme_ioctl.h: _IOWR('N', 0x41, struct nvme_admin_cmd), which is 72 bytes. */
export const NVME_IOCTL_ADMIN_CMD = 0xc048_4e41;
const ADMIN_STRUCT_BYTES = 72;

/** Offsets in struct nvme_passthru_cmd. */
export const ADMIN_FIELD = {
  opcode: 0,
  nsid: 4,
  data: 24,
  dataLength: 36,
  cdw10: 40,
  cdw11: 44,
  cdw12: 48,
  cdw13: 52,
  cdw14: 56,
  cdw15: 60,
  timeout: 64,
  result: 68,
} as const;

/** The most data of one command; more fails with EINVAL. The core asks for one page of a log. */
export const ADMIN_DATA_BYTES_MAX = 1 << 20;

/** 0 would mean the kernel's default of 60 s, and a command without a limit would hold its thread for good. */
const TIMEOUT_MIN_MS = 1;
const TIMEOUT_MAX_MS = 3_600_000;

const NO_BYTES = new Uint8Array(0);

/**
 * Sends one command to an open `/dev/nvmeN` on a pool thread and waits for it to end. If the controller rejects the command, the
 * result has its NVMe status, not an errno: the ioctl returns the status as a positive number. The data has the requested length;
 * bytes that the controller did not fill are zero.
 */
export async function sendAdmin(libc: Libc, fd: number, command: AdminCommand): Promise<AdminResult> {
  const { data } = command;
  const length = data.direction === "from-controller" ? data.length : data.bytes.length;
  if (!Number.isInteger(length) || length < 0 || length > ADMIN_DATA_BYTES_MAX)
    return { ok: false, errno: ERRNO.EINVAL };
  const buffer = stableBuffer(length);
  if (data.direction === "to-controller") buffer.set(data.bytes);
  const struct = packAdminCommand(command, length === 0 ? 0n : libc.addressOf(buffer), length);
  const done = await libc.ioctl(fd, NVME_IOCTL_ADMIN_CMD, struct);
  if (!done.ok) return done;
  // Both branches use `buffer`, so that it lives as long as the kernel may write to it.
  const bytes = data.direction === "from-controller" && done.value === 0 ? buffer : buffer.subarray(0, 0);
  const value = struct.readUInt32LE(ADMIN_FIELD.result);
  return { ok: true, status: done.value, value, bytes: bytes.length === 0 ? NO_BYTES : bytes };
}

/** The struct as the kernel reads it. `address` and `length` describe the data. */
function packAdminCommand(command: AdminCommand, address: bigint, length: number): Buffer {
  const struct = stableBuffer(ADMIN_STRUCT_BYTES);
  struct.writeUInt8(command.opcode, ADMIN_FIELD.opcode);
  struct.writeBigUInt64LE(address, ADMIN_FIELD.data);
  const words = [
    [ADMIN_FIELD.nsid, command.nsid],
    [ADMIN_FIELD.dataLength, length],
    [ADMIN_FIELD.cdw10, command.cdw10],
    [ADMIN_FIELD.cdw11, command.cdw11],
    [ADMIN_FIELD.cdw12, command.cdw12],
    [ADMIN_FIELD.cdw13, command.cdw13],
    [ADMIN_FIELD.cdw14, command.cdw14],
    [ADMIN_FIELD.cdw15, command.cdw15],
    [ADMIN_FIELD.timeout, Math.min(Math.max(Math.ceil(command.timeout), TIMEOUT_MIN_MS), TIMEOUT_MAX_MS)],
  ] as const;
  for (const [offset, word] of words) struct.writeUInt32LE(word >>> 0, offset);
  return struct;
}
