/** What a host needs before the daemon can start. */
import { accessSync, constants } from "node:fs";
import { errnoName, ERRNO } from "../../core/domain/errno.js";
import { attempt } from "../shared/os-error.js";

export const FABRICS_DEVICE = "/dev/nvme-fabrics";

/** The missing requirements, one line each, with what to do about it. Empty if nothing is missing. */
export function missingRequirements(): readonly string[] {
  return [missingRoot(), missingDevice(FABRICS_DEVICE)].filter((line) => line !== undefined);
}

/** Why this process may not connect storage, with what to do about it; `undefined` if it may. */
export function missingRoot(): string | undefined {
  const uid = process.geteuid?.();
  if (uid === 0) return undefined;
  return `this process runs as user ${String(uid)}, but connecting storage requires root. Start the service with systemctl, or use sudo.`;
}

/** Why a device cannot be used, with what to do about it; `undefined` if it can. */
export function missingDevice(device: string): string | undefined {
  const access = attempt(() => {
    accessSync(device, constants.R_OK | constants.W_OK);
  });
  if (access.ok) return undefined;
  if (access.errno === ERRNO.ENOENT) {
    return `${device} does not exist: the kernel's NVMe over Fabrics modules are not loaded. Load them with: modprobe nvme-tcp`;
  }
  return `${device} cannot be opened (${errnoName(access.errno)}): only root may open it. Run as root, in a unit that allows the device (DeviceAllow=).`;
}
