/** Fibre Channel without hardware: the kernel's loop-back ports (nvme-fcloop). Not in Debian's 6.1 cloud kernel. */
import { writeFileSync } from "node:fs";

const CONTROL = "/sys/class/fcloop/ctl";

/** FC_PORT_ROLE_NVME_TARGET and FC_PORT_ROLE_NVME_DISCOVERY: without them a connect is refused with EBADR. */
const TARGET_AND_DISCOVERY = "0x60";

/** World wide names, as the kernel takes them: `0x` and 16 hexadecimal digits. */
export interface FcPort {
  readonly node: string;
  readonly port: string;
}

/** A port of the host, a port of the target, and the way between them. */
export function fcLink(host: FcPort, target: FcPort): void {
  writeFileSync(`${CONTROL}/add_local_port`, names(host));
  writeFileSync(`${CONTROL}/add_target_port`, names(target));
  const way = `${names(target)},lpwwnn=${host.node},lpwwpn=${host.port},roles=${TARGET_AND_DISCOVERY}`;
  writeFileSync(`${CONTROL}/add_remote_port`, way);
}

/** Takes all of it away. The target goes first: without the way to it, 6.12 does not find it any more (ENOENT). */
export function fcUnlink(host: FcPort, target: FcPort): void {
  writeFileSync(`${CONTROL}/del_target_port`, names(target));
  writeFileSync(`${CONTROL}/del_remote_port`, names(target));
  writeFileSync(`${CONTROL}/del_local_port`, names(host));
}

/** As `traddr` and `host_traddr` have it. */
export function fcAddress({ node, port }: FcPort): string {
  return `nn-${node}:pn-${port}`;
}

function names({ node, port }: FcPort): string {
  return `wwnn=${node},wwpn=${port}`;
}
