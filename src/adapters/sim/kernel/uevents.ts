/** The uevents of the simulated kernel, byte for byte as in the logs (6.12-cloud.s1.log, 6.12-cloud.s4.log). */
import { encodeUevent } from "../../../core/codec/uevent.js";
import type { Uevent } from "../../../core/codec/uevent.js";
import type { Controller, Namespace, Subsystem } from "./controller.js";
import type { KernelProfile } from "./profiles.js";

type UeventAction = "add" | "change" | "remove";

/** Receives one message, like a netlink socket. `header` is its first part, for the trace. */
export type UeventSink = (message: Uint8Array, header: string) => void;

const BLOCK_MAJOR = 259;

/** The kernel prints `none` for a missing option, except for the address of a loop controller (6.12.s3.log). */
function optionText(value: string): string {
  return value === "" ? "none" : value;
}

export class Uevents {
  readonly #profile: KernelProfile;
  readonly #sinks: UeventSink[] = [];
  /** Cached messages without their sequence number, by object. Nothing else in a message ever changes. */
  readonly #stems = new WeakMap<object, Map<string, Stem>>();
  #seqnum: number;

  constructor(profile: KernelProfile) {
    this.#profile = profile;
    this.#seqnum = profile.firstSeqnum;
  }

  onUevent(sink: UeventSink): void {
    this.#sinks.push(sink);
  }

  /** Sends `add`, `remove`, or `change` with its cause: `["NVME_EVENT", "connected"]`. */
  controller(action: UeventAction, controller: Controller, happened?: readonly [string, string]): void {
    const key = happened === undefined ? action : happened[1];
    this.#send(controller, key, () => this.#controllerUevent(action, controller, happened));
  }

  subsystem(action: UeventAction, subsystem: Subsystem): void {
    this.#send(subsystem, action, () => uevent(action, subsystemPath(subsystem), "nvme-subsystem", new Map()));
  }

  bdi(action: UeventAction, namespace: Namespace): void {
    const path = `/devices/virtual/bdi/${String(BLOCK_MAJOR)}:${String(namespace.minor)}`;
    this.#send(namespace, `bdi ${action}`, () => uevent(action, path, "bdi", new Map()));
  }

  block(action: UeventAction, subsystem: Subsystem, namespace: Namespace): void {
    this.#send(namespace, `block ${action}`, () => {
      const properties = new Map([
        ["MAJOR", String(BLOCK_MAJOR)],
        ["MINOR", String(namespace.minor)],
        ["DEVNAME", namespace.disk],
        ["DEVTYPE", "disk"],
        ["DISKSEQ", String(namespace.diskseq)],
      ]);
      return uevent(action, `${subsystemPath(subsystem)}/${namespace.disk}`, "block", properties);
    });
  }

  generic(action: UeventAction, subsystem: Subsystem, namespace: Namespace): void {
    this.#send(namespace, `generic ${action}`, () => {
      const properties = new Map([
        ["MAJOR", String(this.#profile.genericMajor)],
        ["MINOR", String(namespace.genericMinor)],
        ["DEVNAME", namespace.generic],
      ]);
      return uevent(action, `${subsystemPath(subsystem)}/${namespace.generic}`, "nvme-generic", properties);
    });
  }

  #controllerUevent(action: UeventAction, controller: Controller, happened?: readonly [string, string]): Uevent {
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
    return uevent(action, `/devices/virtual/nvme-fabrics/ctl/${controller.name}`, "nvme", properties);
  }

  #send(about: object, key: string, make: () => Uevent): void {
    let stems = this.#stems.get(about);
    if (stems === undefined) this.#stems.set(about, (stems = new Map<string, Stem>()));
    let stem = stems.get(key);
    if (stem === undefined) stems.set(key, (stem = stemOf(make())));
    const message = numbered(stem.bytes, this.#seqnum++);
    for (const sink of this.#sinks) sink(message, stem.header);
  }
}

interface Stem {
  readonly header: string;
  /** The message up to the digits of SEQNUM, its last property. */
  readonly bytes: Uint8Array;
}

function uevent(action: string, devpath: string, subsystem: string, properties: ReadonlyMap<string, string>): Uevent {
  return { action, devpath, subsystem, seqnum: 0, properties };
}

function stemOf(first: Uevent): Stem {
  // SEQNUM is 0 here: cut off one digit and the NUL.
  const bytes = encodeUevent(first);
  return { header: `${first.action}@${first.devpath}`, bytes: bytes.subarray(0, bytes.length - 2) };
}

function numbered(stem: Uint8Array, seqnum: number): Uint8Array {
  const digits = String(seqnum);
  // From Node's pool, because a separate array buffer costs more than everything else here.
  const message = Buffer.allocUnsafe(stem.length + digits.length + 1);
  message.set(stem);
  for (let i = 0; i < digits.length; i++) message[stem.length + i] = digits.charCodeAt(i);
  message[message.length - 1] = 0;
  return message;
}

function subsystemPath(subsystem: Subsystem): string {
  return `/devices/virtual/nvme-subsystem/nvme-subsys${String(subsystem.instance)}`;
}
