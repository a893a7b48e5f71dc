/** `stas-daemon --cleanup`: removes what a killed daemon left behind. */
import { spawnSync } from "node:child_process";
import { unlinkSync } from "node:fs";
import { errnoName, ERRNO } from "../../core/domain/errno.js";
import type { ServiceName } from "../../core/ports/bus.js";
import { RECORD_PATHS } from "../../core/controller/services.js";
import { temporaryPath } from "../shared/temporary-path.js";
import { UDEV_OVERRIDE_PATH } from "../shared/udev-override.js";
import type { Owners } from "./bus/try.js";
import { attempt } from "../shared/os-error.js";

/** How long to wait for udev to reload its rules. Without an answer, it notices the change by itself. */
const RELOAD_LIMIT_MS = 5_000;

/** The input of the clean-up. */
export interface LeftBehind {
  readonly services: readonly ServiceName[];
  /** The real file for one of the core's paths. */
  readonly locate: (path: string) => string;
  readonly override: string;
  readonly owners: Owners;
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
 * connections. Touches nothing while a daemon owns the name of one of the services, if D-Bus can tell.
 */
export function cleanUp({ services, locate, override, owners, reloadRules }: LeftBehind): CleanedUp {
  const lines: string[] = [];
  if (!owners.known) lines.push(`it is unknown whether a daemon is running: ${owners.problem}`);
  else if (owners.names.length > 0) {
    const names = owners.names.join(" and ");
    return {
      outcome: "running",
      lines: [`nothing is removed: a running daemon owns ${names} on D-Bus. Stop it, and it removes its own files`],
    };
  }
  const overrides = services.includes("staf") ? [override, temporaryPath(override)] : [];
  const records = services.map((service) => temporaryPath(locate(RECORD_PATHS[service])));
  let outcome: CleanedUp["outcome"] = "clean";
  let removed = 0;
  for (const path of [...overrides, ...records]) {
    const gone = attempt(() => {
      unlinkSync(path);
    });
    if (gone.ok) {
      removed += 1;
      lines.push(`removed ${path}`);
    } else if (gone.errno !== ERRNO.ENOENT && gone.errno !== ERRNO.ENOTDIR) {
      outcome = "failed";
      lines.push(`${path} cannot be removed (${errnoName(gone.errno)}): remove it by hand`);
    }
    if (gone.ok && path === override) reloadRules();
  }
  if (removed === 0 && outcome === "clean") lines.push("nothing was left behind");
  return { outcome, lines };
}

/** Cleans up this host. */
export function cleanUpThisHost(parts: Pick<LeftBehind, "services" | "locate" | "owners">): CleanedUp {
  const reloadRules = (): void => {
    spawnSync("udevadm", ["control", "--reload"], { stdio: "ignore", timeout: RELOAD_LIMIT_MS });
  };
  return cleanUp({ ...parts, override: UDEV_OVERRIDE_PATH, reloadRules });
}
