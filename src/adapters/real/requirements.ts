/** What a host must have before a daemon can do anything for it. */
import { accessSync, constants } from "node:fs";
import { errnoName, ERRNO } from "../../core/domain/errno.js";
import { attempt } from "../shared/os-error.js";

export const FABRICS_DEVICE = "/dev/nvme-fabrics";

/** What is missing: a line each, with what to do about it. Empty where nothing is. */
export function missingRequirements(): readonly string[] {
  return [missingRoot(), missingDevice(FABRICS_DEVICE)].filter((line) => line !== undefined);
}

export function missingRoot(): string | undefined {
  const uid = process.geteuid?.();
  if (uid === 0) return undefined;
  return `this is user ${String(uid)}: connecting storage takes root. Start the service with systemctl, or use sudo.`;
}

export function missingDevice(device: string): string | undefined {
  const access = attempt(() => {
    accessSync(device, constants.R_OK | constants.W_OK);
  });
  if (access.ok) return undefined;
  if (access.errno === ERRNO.ENOENT) {
    return `${device} is not there: the kernel's NVMe over Fabrics modules are not loaded. Load them with: modprobe nvme-tcp`;
  }
  return `${device} cannot be opened (${errnoName(access.errno)}): it belongs to root, mode 0600.`;
}
