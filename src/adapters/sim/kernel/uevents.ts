/** The uevents of the simulated kernel: the texts of the logs, byte for byte (6.12-cloud.s1.log, s4). */
import { encodeUevent } from "../../../core/codec/uevent.js";
import type { Controller, Namespace, Subsystem } from "./controller.js";
import type { KernelProfile } from "./profiles.js";

export type UeventAction = "add" | "change" | "remove";

/** Takes one message as the netlink socket would. `header` is its first part, for the trace. */
export type UeventSink = (message: Uint8Array, header: string) => void;

const BLOCK_MAJOR = 259;

/** The kernel prints an option that was not given so, but for the address of a loop controller (6.12.s3.log). */
function optionText(value: string): string {
  return value === "" ? "none" : value;
}

export class Uevents {
  readonly #profile: KernelProfile;
  readonly #sinks: UeventSink[] = [];
  #seqnum: number;

  constructor(profile: KernelProfile) {
    this.#profile = profile;
    this.#seqnum = profile.firstSeqnum;
  }

  onUevent(sink: UeventSink): void {
    this.#sinks.push(sink);
  }

  /** `add`, `remove`, or `change` with what happened: `["NVME_EVENT", "connected"]`. */
  controller(action: UeventAction, controller: Controller, happened?: readonly [string, string]): void {
    const { options } = controller;
    const properties = new Map<string, string>();
    if (happened !== undefined) properties.set(...happened);
    properties.set("MAJOR", String(this.#profile.controllerMajor));
    properties.set("MINOR", String(controller.instance));
    properties.set("DEVNAME", controller.name);
    properties.set("NVME_TRTYPE", options.transport);
    properties.set("NVME_TRADDR", options.traddr === "" ? "(null)" : options.traddr);
    properties.set("NVME_TRSVCID", optionText(options.trsvcid));
    properties.set("NVME_HOST_TRADDR", optionText(options.hostTraddr));
    properties.set("NVME_HOST_IFACE", optionText(options.hostIface));
    this.#send(action, `/devices/virtual/nvme-fabrics/ctl/${controller.name}`, "nvme", properties);
  }

  subsystem(action: UeventAction, subsystem: Subsystem): void {
    this.#send(action, subsystemPath(subsystem), "nvme-subsystem", new Map());
  }

  bdi(action: UeventAction, namespace: Namespace): void {
    const path = `/devices/virtual/bdi/${String(BLOCK_MAJOR)}:${String(namespace.minor)}`;
    this.#send(action, path, "bdi", new Map());
  }

  block(action: UeventAction, subsystem: Subsystem, namespace: Namespace): void {
    const properties = new Map([
      ["MAJOR", String(BLOCK_MAJOR)],
      ["MINOR", String(namespace.minor)],
      ["DEVNAME", namespace.disk],
      ["DEVTYPE", "disk"],
      ["DISKSEQ", String(namespace.diskseq)],
    ]);
    this.#send(action, `${subsystemPath(subsystem)}/${namespace.disk}`, "block", properties);
  }

  generic(action: UeventAction, subsystem: Subsystem, namespace: Namespace): void {
    const properties = new Map([
      ["MAJOR", String(this.#profile.genericMajor)],
      ["MINOR", String(namespace.genericMinor)],
      ["DEVNAME", namespace.generic],
    ]);
    this.#send(action, `${subsystemPath(subsystem)}/${namespace.generic}`, "nvme-generic", properties);
  }

  #send(action: UeventAction, devpath: string, subsystem: string, properties: ReadonlyMap<string, string>): void {
    const message = encodeUevent({ action, devpath, subsystem, seqnum: this.#seqnum++, properties });
    const header = `${action}@${devpath}`;
    for (const sink of this.#sinks) sink(message, header);
  }
}

function subsystemPath(subsystem: Subsystem): string {
  return `/devices/virtual/nvme-subsystem/nvme-subsys${String(subsystem.instance)}`;
}
