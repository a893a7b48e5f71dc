/** The type of a check. The checks are in checks/, and checks/index.ts lists them. */
import { Seconds } from "../../src/core/domain/units.js";
import type { Lab } from "./guest/lab.js";

/** The kernels that the lab can boot. Debian's cloud kernels have no RDMA, `6.12-generic` has. */
export const KERNELS = ["6.1", "6.12", "6.12-generic"] as const;

export type KernelName = (typeof KERNELS)[number];

/** The kernels of a check that names none. */
export const USUAL_KERNELS: readonly KernelName[] = ["6.1", "6.12"];

/**
 * The guests of a run. A guest runs its checks one after the other; guests run in parallel. They start in this order,
 * the longest first, so that parallel guests finish at about the same time.
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
  "rdma",
  "bench-10",
  "bench-50",
  "bench-150",
] as const;

export type GuestName = (typeof GUESTS)[number];

export interface Check {
  /** A short sentence that says what holds. `--only` matches it. */
  readonly name: string;
  readonly guest: GuestName;
  /** The kernels that can run it. Default: `USUAL_KERNELS`. */
  readonly kernels?: readonly KernelName[];
  /** The check fails if it takes longer. Default `CHECK_LIMIT`. */
  readonly limit?: Seconds;
  /** Starts with a clean target, no controllers and no daemon. Returns to pass, throws to fail. */
  run(lab: Lab): Promise<void>;
}

export const CHECK_LIMIT = Seconds(90);
