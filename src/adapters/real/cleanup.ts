/** `stas-daemon --cleanup`: removes what a killed daemon left behind. */
import { spawnSync } from "node:child_process";
import { unlinkSync } from "node:fs";
import { errnoName, ERRNO } from "../../core/domain/errno.js";
import type { ServiceName } from "../../core/ports/bus.js";
import { RECORD_PATHS } from "../../core/controller/services.js";
import { temporaryPath } from "../shared/temporary-path.js";
import { UDEV_OVERRIDE_PATH } from "../shared/udev-override.js";
import { attempt } from "../shared/os-error.js";
import { loadLibc, type Libc } from "./libc.js";
import { rivalText, type Rival } from "./rivals.js";
import { lockHolders } from "./run-lock.js";
import { UdevOverride } from "./udev-override.js";

/** How long to wait for udev to reload its rules. Without an answer, it notices the change by itself. */
const RELOAD_LIMIT_MS = 5_000;

/** The input of the clean-up. */
export interface LeftBehind {
  readonly services: readonly ServiceName[];
  /** The real file for one of the core's paths. */
  readonly locate: (path: string) => string;
  readonly override: string;
  readonly libc: Libc | undefined;
  /** The daemons of these services that run. */
  readonly rivals: readonly Rival[];
  readonly reloadRules: () => void;
}

/** `running`: a daemon is running, so nothing was touched. */
interface CleanedUp {
  readonly outcome: "clean" | "failed" | "running";
  /** Sentences for the operator. */
  readonly lines: readonly string[];
}

/**
 * Removes staf's udev override and files that were being written. Keeps the records: the next start needs them to adopt its
 * connections. Touches nothing while a daemon of one of the services runs, and no override that stas did not write.
 */
export function cleanUp({ services, locate, override, libc, rivals, reloadRules }: LeftBehind): CleanedUp {
  if (rivals.length > 0)
    return { outcome: "running", lines: rivals.map((rival) => `nothing is removed: ${rivalText(rival)}`) };
  const lines: string[] = [];
  const failed: string[] = [];
  const note = (path: string, errno: number | undefined): void => {
    if (errno === undefined) lines.push(`removed ${path}`);
    else if (errno !== ERRNO.ENOENT && errno !== ERRNO.ENOTDIR)
      failed.push(`${path} cannot be removed (${errnoName(errno)}): remove it by hand`);
  };
  if (services.includes("staf")) {
    const done = new UdevOverride(libc, override).remove();
    if (done.ok && done.removed) {
      note(override, undefined);
      reloadRules();
    }
    if (!done.ok && done.because === "errno") note(override, done.errno);
    if (!done.ok && done.because === "in-use") lines.push(`${override} stays: it belongs to a stas-daemon that runs`);
    if (!done.ok && done.because === "foreign") lines.push(`${override} stays: stas did not write it`);
  }
  const halfWritten = services.map((service) => temporaryPath(locate(RECORD_PATHS[service])));
  if (services.includes("staf")) halfWritten.unshift(temporaryPath(override));
  for (const path of halfWritten) {
    const gone = attempt(() => {
      unlinkSync(path);
    });
    note(path, gone.ok ? undefined : gone.errno);
  }
  if (failed.length > 0) return { outcome: "failed", lines: [...lines, ...failed] };
  return { outcome: "clean", lines: lines.length === 0 ? ["nothing was left behind"] : lines };
}

interface CleanUpParts extends Pick<LeftBehind, "services" | "locate"> {
  readonly runDir: string;
  /** Who owns the names of these services on the bus. */
  readonly owners: readonly Rival[];
}

/** Cleans up this host. */
export function cleanUpThisHost({ services, locate, runDir, owners }: CleanUpParts): CleanedUp {
  const loaded = loadLibc();
  const libc = loaded.ok ? loaded.libc : undefined;
  const reloadRules = (): void => {
    spawnSync("udevadm", ["control", "--reload"], { stdio: "ignore", timeout: RELOAD_LIMIT_MS });
  };
  const rivals = [...lockHolders({ libc, runDir, services }), ...owners];
  return cleanUp({ services, locate, override: UDEV_OVERRIDE_PATH, libc, rivals, reloadRules });
}
