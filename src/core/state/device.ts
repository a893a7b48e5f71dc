/** The controllers that the kernel has, as uevents and the audit keep them. */
import type { KernelController } from "../codec/sysfs.js";
import type { ControllerId } from "./controller.js";
import type { RequestId } from "../ports/request.js";
import type { SysfsSummary } from "../ports/sysfs.js";

/** What a controller is: `asking` while Identify is in flight, `unknown` is never touched. */
export type DeviceKind = "io" | "discovery" | "other" | "asking" | "unknown";

export interface Device {
  controller: KernelController;
  kind: DeviceKind;
  /** Every key under which it is looked for. */
  places: readonly string[];
  /** The Identify in flight. A reply to another one is about an earlier controller of that name. */
  identify: RequestId | undefined;
  /** What Identify said of a discovery controller on kernels that do not show it (before 5.18); empty while it has not said. */
  identifiedDctype: string;
  /** How often it was read and found not filled in, in a row. */
  incompleteReads: number;
  /** What the audit compares with the kernel's listing. */
  summary: SysfsSummary;
  /** Controllers of ours that this connection carries. */
  readonly bound: Set<ControllerId>;
}

export interface DeviceIndex {
  /** By name, `nvme0`. */
  readonly byName: Map<string, Device>;
  /** Names by place: each stands under its address, and under its subsystem at that address. */
  readonly byPlace: Map<string, Set<string>>;
}
