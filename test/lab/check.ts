/** What a check is. The checks themselves are in checks/, and checks/index.ts lists them. */
import { Seconds } from "../../src/core/domain/units.js";
import type { Lab } from "./guest/lab.js";

/** The kernels that the lab knows. */
export const KERNELS = ["6.1", "6.12"] as const;

export type KernelName = (typeof KERNELS)[number];

/**
 * The guests of a run: the checks of one run one after the other in it, and guests run side by side. They start in this
 * order: the longest first, so that the lanes end together.
 */
export const GUESTS = [
  "rig",
  "contract",
  "cdc",
  "outage",
  "services",
  "kill",
  "mdns",
  "mdns-daemon",
  "scopes",
  "daemon",
  "options",
  "transports",
  "bench-10",
  "bench-50",
  "bench-150",
] as const;

export type GuestName = (typeof GUESTS)[number];

export interface Check {
  /** A short sentence of what holds; `--only` matches it. */
  readonly name: string;
  readonly guest: GuestName;
  /** Where it can be run. Default: every kernel. */
  readonly kernels?: readonly KernelName[];
  /** It fails where it takes longer. Default `CHECK_LIMIT`. */
  readonly limit?: Seconds;
  /** Starts with a clean target, no controllers and no daemon; ends it by returning or throwing. */
  run(lab: Lab): Promise<void>;
}

export const CHECK_LIMIT = Seconds(90);
