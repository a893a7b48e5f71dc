/** The differences between kernels. 6.1 and 6.12 were measured, 5.14 was not. */
import { ERRNO } from "../../../core/domain/errno.js";
import { Milliseconds } from "../../../core/domain/units.js";
import type { KernelVersion } from "../spec.js";

export interface KernelProfile {
  readonly version: KernelVersion;
  /** `history`: not measured, but taken from the kernel's change history. */
  readonly evidence: "measured" | "history";
  /** The option line of a fresh `/dev/nvme-fabrics`. `undefined`: a read is EINVAL (before 5.17). */
  readonly optionLine: string | undefined;
  readonly options: ReadonlySet<string>;
  /** Whether sysfs has `cntrltype` and `dctype` (since 5.18). */
  readonly hasControllerType: boolean;
  /** Whether `address` shows `src_addr` (since 6.1). */
  readonly hasSrcAddr: boolean;
  /** DH-HMAC-CHAP attributes and the passthru log switch in sysfs (6.12-cloud.s1.log; 6.1.s1.log lacks them). */
  readonly hasAuthAttributes: boolean;
  /**
   * A host id with another host NQN, or either alone: `loose` accepts it (6.1.s3.log), `strict` answers EINVAL
   * (6.12.s3.log).
   */
  readonly hostIdentity: "strict" | "loose";
  /**
   * The target rejects a reconnect with Do Not Retry: the kernel removes the controller at once (6.12-cloud.s4.log), or uses up all
   * attempts (6.1-cloud.s4.log).
   */
  readonly rejectedReconnect: "remove" | "retry";
  /** `tls` without a key: ENOKEY after the `add` (6.12-cloud.s3.log); 6.1 has no such option (6.1-cloud.s3.log). */
  readonly tlsWithoutKey: number;
  /**
   * The errno if the target requires DH-HMAC-CHAP, and the host has no key or not the right one (6.12:
   * test/lab/checks/options.ts; before: nvmf_connect_admin_queue and nvme_queue_auth_work in drivers/nvme/host, not measured).
   */
  readonly unauthenticated: Readonly<Record<"key" | "right-key", number>>;
  /** Silent loss: `resetting` to `connecting`, and what each I/O queue adds (6.12-cloud.s5.log, 6.1-cloud.s5.log). */
  readonly resettingSilent: Milliseconds;
  readonly resettingSilentPerQueue: Milliseconds;
  /** The same if a command timed out first (docs/fidelity.md, a link that dies silently). */
  readonly resettingTimedOut: Milliseconds;
  /** From there, or on 6.12 from `resetting`, to the end of the commands in flight (6.12-cloud.s7.log, docs/fidelity.md). */
  readonly commandsAborted: Milliseconds;
  /**
   * Silent loss with commands in flight. `abort`: the kernel aborts them. `wait`: each holds the controller in
   * `resetting` until it times out, then ends with a status (docs/fidelity.md, a link that dies silently).
   */
  readonly lostCommands: "abort" | "wait";
  readonly controllerMajor: number;
  readonly genericMajor: number;
  readonly firmware: string;
  /** SEQNUM of the first uevent (6.1-cloud.s4.log, 6.12-cloud.s4.log). */
  readonly firstSeqnum: number;
  /** The host's identity if the connect string gives none. */
  readonly defaultHostNqn: string;
  readonly defaultHostId: string;
}

const REPLY_KEYS = ["instance", "cntlid"];

/** The option line of 6.1, without TLS options (6.1.s1.log). */
const LINE_6_1 =
  "instance=-1,cntlid=-1,transport=%s,traddr=%s,trsvcid=%s,nqn=%s,queue_size=%d,nr_io_queues=%d,reconnect_delay=%d," +
  "ctrl_loss_tmo=%d,keep_alive_tmo=%d,hostnqn=%s,host_traddr=%s,host_iface=%s,hostid=%s,duplicate_connect," +
  "disable_sqflow,hdr_digest,data_digest,nr_write_queues=%d,nr_poll_queues=%d,tos=%d,fast_io_fail_tmo=%d,discovery," +
  "dhchap_secret=%s,dhchap_ctrl_secret=%s\n";

/** The option line of 6.12 (6.12-cloud.s1.log). */
const LINE_6_12 = LINE_6_1.replace("tos=%d,", "tos=%d,keyring=%d,tls_key=%d,").replace(
  "dhchap_ctrl_secret=%s\n",
  "dhchap_ctrl_secret=%s,tls\n",
);

function optionsOf(line: string): ReadonlySet<string> {
  const names = line
    .trim()
    .split(",")
    .map((part) => part.split("=")[0] ?? part);
  return new Set(names.filter((name) => !REPLY_KEYS.includes(name)));
}

const PROFILE_6_12: KernelProfile = {
  version: "6.12",
  evidence: "measured",
  optionLine: LINE_6_12,
  options: optionsOf(LINE_6_12),
  hasControllerType: true,
  hasSrcAddr: true,
  hasAuthAttributes: true,
  hostIdentity: "strict",
  rejectedReconnect: "remove",
  tlsWithoutKey: ERRNO.ENOKEY,
  unauthenticated: { key: ERRNO.ENOKEY, "right-key": ERRNO.EKEYREJECTED },
  resettingSilent: Milliseconds(900),
  resettingSilentPerQueue: Milliseconds(820),
  resettingTimedOut: Milliseconds(900),
  commandsAborted: Milliseconds(400),
  lostCommands: "abort",
  controllerMajor: 246,
  genericMajor: 245,
  firmware: "6.12.117",
  firstSeqnum: 693,
  defaultHostNqn: "nqn.2014-08.org.nvmexpress:uuid:d8bf3854-8963-4269-9d21-2965607f499b",
  defaultHostId: "d8bf3854-8963-4269-9d21-2965607f499b",
};

const PROFILE_6_1: KernelProfile = {
  ...PROFILE_6_12,
  version: "6.1",
  optionLine: LINE_6_1,
  options: optionsOf(LINE_6_1),
  hasAuthAttributes: false,
  hostIdentity: "loose",
  rejectedReconnect: "retry",
  tlsWithoutKey: ERRNO.EINVAL,
  unauthenticated: { key: ERRNO.EIO, "right-key": ERRNO.ECONNREFUSED },
  resettingSilent: Milliseconds(8_230),
  resettingSilentPerQueue: Milliseconds(1_200),
  resettingTimedOut: Milliseconds(1_830),
  commandsAborted: Milliseconds(600),
  lostCommands: "wait",
  controllerMajor: 247,
  genericMajor: 246,
  firmware: "6.1.0-56",
  firstSeqnum: 561,
  defaultHostNqn: "nqn.2014-08.org.nvmexpress:uuid:f991c48c-e467-4e3a-9c15-799c6dc718bf",
  defaultHostId: "a60dc122-c2ce-44b3-b6d2-3157355104b6",
};

/** Like 6.1, without what came later: `discovery` and DH-HMAC-CHAP (6.0), `cntrltype` (5.18), the option line (5.17). */
const PROFILE_5_14: KernelProfile = {
  ...PROFILE_6_1,
  version: "5.14",
  evidence: "history",
  optionLine: undefined,
  options: new Set([...PROFILE_6_1.options].filter((name) => name !== "discovery" && !name.startsWith("dhchap_"))),
  hasControllerType: false,
  hasSrcAddr: false,
  firmware: "5.14.0",
};

export const KERNEL_PROFILES: Readonly<Record<KernelVersion, KernelProfile>> = {
  "5.14": PROFILE_5_14,
  "6.1": PROFILE_6_1,
  "6.12": PROFILE_6_12,
};
