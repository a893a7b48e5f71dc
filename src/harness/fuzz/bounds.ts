/** What a campaign is asked for, and its bounds. */
import type { Milliseconds } from "../../core/domain/units.js";

/** The largest seed. */
export const SEED_MAX = 0xffff_ffff;

/** Threads of one campaign. */
export const JOBS_MAX = 256;

/** The flags of the command. */
export interface FuzzFlags {
  readonly seed: number;
  readonly runs?: number;
  readonly time?: Milliseconds;
  readonly jobs: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** Seeds of a campaign that names neither a number nor a time. */
export const RUNS_USUAL = 1_000;
