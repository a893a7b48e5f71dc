import type { Milliseconds } from "../domain/units.js";
import type { OsFailure, RequestId } from "./request.js";
import type { HandleId } from "./sysfs.js";

/** One NVMe admin command for `NVME_IOCTL_ADMIN_CMD`. */
export interface AdminCommand {
  readonly opcode: number;
  readonly nsid: number;
  readonly cdw10: number;
  readonly cdw11: number;
  readonly cdw12: number;
  readonly cdw13: number;
  readonly cdw14: number;
  readonly cdw15: number;
  /** How many bytes the controller returns, or the bytes sent to it. */
  readonly data:
    | { readonly direction: "from-controller"; readonly length: number }
    | { readonly direction: "to-controller"; readonly bytes: Uint8Array };
  readonly timeout: Milliseconds;
}

export interface FabricsPort {
  /** Reads the option line of `/dev/nvme-fabrics`. Kernels before 5.17 refuse (EINVAL). Waits for connects in flight. */
  readOptions(request: RequestId): void;
  /** Writes one connect string; the reply is `instance=0,cntlid=1\n`. Blocks up to 10 s per peer, serialised host-wide. */
  connect(request: RequestId, options: string): void;
  /** Sends an admin command on a handle opened for `admin`. */
  admin(request: RequestId, handle: HandleId, command: AdminCommand): void;
}

/** The option line was read, or a connect ended. */
export interface FabricsReplyEvent {
  readonly kind: "fabrics-reply";
  readonly request: RequestId;
  readonly result: { readonly ok: true; readonly text: string } | FabricsFailure;
}

/** `stage`: the call on `/dev/nvme-fabrics` that failed. Absent: the one that does the work, the write of a connect string. */
export interface FabricsFailure extends OsFailure {
  readonly stage?: "open" | "reply";
}

/** An admin command ended: the NVMe status (0 is success, 0x6002 Invalid Field with DNR), or an errno. */
export interface AdminReplyEvent {
  readonly kind: "admin-reply";
  readonly request: RequestId;
  readonly result:
    | {
        readonly ok: true;
        readonly status: number;
        readonly value: number;
        readonly bytes: Uint8Array;
      }
    | OsFailure;
}
