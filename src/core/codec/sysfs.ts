/**
 * Controllers as `/sys/class/nvme/nvmeN` shows them (6.1-cloud.s1.log, 6.12-cloud.s1.log, 6.12-cloud.s5.log). Nothing
 * here throws.
 */
import type { ControllerAttribute, SysfsRecord } from "../ports/sysfs.js";
import type { ControllerType } from "./identify.js";

/** The parts of an `address` attribute. Empty strings: not shown. */
export interface KernelAddress {
  readonly traddr: string;
  readonly trsvcid: string;
  readonly hostTraddr: string;
  readonly hostIface: string;
  /** The source address in use. Absent before kernel 6.1, and while the controller is not connected. */
  readonly srcAddr: string;
}

/** One kernel controller, typed. Empty strings: not shown. */
export interface KernelController extends KernelAddress {
  /** `nvme0` */
  readonly name: string;
  /** `tcp`, `rdma`, `fc`, `loop`, `pcie`, ... */
  readonly transport: string;
  readonly subsysnqn: string;
  readonly hostNqn: string;
  readonly hostId: string;
  /** `unknown` if the kernel lacks the attribute (before 5.18) or has not filled it in. */
  readonly cntrltype: ControllerType;
  /** `none`, `ddc`, `cdc`, `reserved`. */
  readonly dctype: string;
  /** `live`, `connecting`, `resetting`, `deleting`, `deleting (no IO)`, ... */
  readonly state: string;
  /** `undefined`: not shown. */
  readonly cntlid: number | undefined;
  /** Transport, address, subsystem NQN and state are filled in. They are not yet when `add` is sent (field bug 19). */
  readonly complete: boolean;
}

/** The kernel's word for an option that was not given. It names no interface and no address (field bug 22). */
const ABSENT = "none";

/** How printk shows the NQN of a controller without a subsystem, until its first connect succeeds (6.1 and 6.12). */
const NO_SUBSYSTEM: ReadonlySet<string> = new Set(["(efault)", "(null)"]);

const ADDRESS_FIELDS: ReadonlyMap<string, keyof KernelAddress> = new Map([
  ["traddr", "traddr"],
  ["trsvcid", "trsvcid"],
  ["host_traddr", "hostTraddr"],
  ["host_iface", "hostIface"],
  ["src_addr", "srcAddr"],
]);

/** Parses an `address` attribute, with or without newline. A PCIe controller's bus address becomes `traddr`. */
export function parseAddress(text: string): KernelAddress {
  const address = { traddr: "", trsvcid: "", hostTraddr: "", hostIface: "", srcAddr: "" };
  let bare = "";
  for (const part of text.trim().split(",")) {
    const equals = part.indexOf("=");
    if (equals === -1) {
      bare = bare === "" ? part.trim() : bare;
      continue;
    }
    const field = ADDRESS_FIELDS.get(part.slice(0, equals).trim());
    if (field === undefined) continue;
    const value = part.slice(equals + 1).trim();
    address[field] = value === ABSENT ? "" : value;
  }
  if (address.traddr === "" && bare !== ABSENT) address.traddr = bare;
  return address;
}

/** Prints an `address` attribute, without its newline, in the kernel's order. */
export function formatAddress(address: KernelAddress): string {
  let text = "";
  const add = (key: string, value: string): void => {
    if (value !== "") text += text === "" ? `${key}=${value}` : `,${key}=${value}`;
  };
  add("traddr", address.traddr);
  add("trsvcid", address.trsvcid);
  add("host_traddr", address.hostTraddr);
  add("host_iface", address.hostIface);
  add("src_addr", address.srcAddr);
  return text;
}

function parseControllerType(text: string): ControllerType {
  switch (text) {
    case "io":
    case "discovery":
    case "admin":
    case "reserved":
      return text;
    case "":
      return "unknown";
    default:
      // The core must not act on a controller type that a later kernel adds.
      return "reserved";
  }
}

function parseCount(text: string): number | undefined {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

/** Types one controller's attributes. Never throws: missing or invalid values become empty, `undefined` or `unknown`. */
export function parseControllerRecord(record: SysfsRecord): KernelController {
  const text = (attribute: ControllerAttribute): string => record.attributes[attribute]?.trim() ?? "";
  const address = text("address");
  const transport = text("transport");
  const shown = text("subsysnqn");
  const subsysnqn = NO_SUBSYSTEM.has(shown) ? "" : shown;
  const state = text("state");
  // A loop controller has no address unless one was configured.
  const addressed = address !== "" || transport === "loop";
  return {
    name: record.name,
    transport,
    ...parseAddress(address),
    subsysnqn,
    hostNqn: text("hostnqn"),
    hostId: text("hostid"),
    cntrltype: parseControllerType(text("cntrltype")),
    dctype: text("dctype"),
    state,
    cntlid: parseCount(text("cntlid")),
    complete: transport !== "" && addressed && subsysnqn !== "" && state !== "",
  };
}
