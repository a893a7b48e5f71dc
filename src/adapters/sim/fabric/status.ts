/**
 * NVMe status codes as an ioctl returns them: status code type, status code and the DNR bit (6.12-cloud.s1.log,
 * 6.12-cloud.s3.log).
 */
export const NVME_STATUS = {
  success: 0,
  /** Invalid Command Opcode, DNR. */
  invalidOpcode: 0x6001,
  /** Invalid Field in Command, DNR. */
  invalidField: 0x6002,
  /** Controller Busy: no controller is left, as the kernel's target says (drivers/nvme/target/core.c; EIO: test/lab/checks/targets.ts). */
  connectBusy: 0x4181,
  /** Connect Invalid Parameters: no such subsystem on that port. */
  connectInvalid: 0x4182,
  /** Connect Invalid Host: not in the access list. */
  connectNotAllowed: 0x4184,
} as const;
