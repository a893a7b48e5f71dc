/** Fibre Channel without hardware: the kernel's loopback ports (nvme-fcloop). Debian's 6.1 cloud kernel lacks them. */
import { writeFileSync } from "node:fs";

const CONTROL = "/sys/class/fcloop/ctl";

/** FC_PORT_ROLE_NVME_TARGET and FC_PORT_ROLE_NVME_DISCOVERY: without them a connect fails with EBADR. */
const TARGET_AND_DISCOVERY = "0x60";

/** World wide names in the kernel's format: `0x` and 16 hexadecimal digits. */
export interface FcPort {
  readonly node: string;
  readonly port: string;
}

/** Adds a host port, a target port and the link between them. */
export function fcLink(host: FcPort, target: FcPort): void {
  writeFileSync(`${CONTROL}/add_local_port`, names(host));
  writeFileSync(`${CONTROL}/add_target_port`, names(target));
  const way = `${names(target)},lpwwnn=${host.node},lpwwpn=${host.port},roles=${TARGET_AND_DISCOVERY}`;
  writeFileSync(`${CONTROL}/add_remote_port`, way);
}

/** Removes both ports and the link. The target port goes first: without the link, 6.12 no longer finds it (ENOENT). */
export function fcUnlink(host: FcPort, target: FcPort): void {
  writeFileSync(`${CONTROL}/del_target_port`, names(target));
  writeFileSync(`${CONTROL}/del_remote_port`, names(target));
  writeFileSync(`${CONTROL}/del_local_port`, names(host));
}

/** The format of `traddr` and `host_traddr`. */
export function fcAddress({ node, port }: FcPort): string {
  return `nn-${node}:pn-${port}`;
}

function names({ node, port }: FcPort): string {
  return `wwnn=${node},wwpn=${port}`;
}
