/** `stas-daemon --cleanup`: removes what a daemon that was killed has left behind. */
import { spawnSync } from "node:child_process";
import { unlinkSync } from "node:fs";
import { errnoName, ERRNO } from "../../core/domain/errno.js";
import type { ServiceName } from "../../core/ports/bus.js";
import { RECORD_PATHS } from "../../core/controller/services.js";
import { temporaryPath } from "../shared/temporary-path.js";
import { UDEV_OVERRIDE_PATH } from "../shared/udev-override.js";
import type { Owners } from "./bus/try.js";
import { attempt } from "./os-error.js";

/** udev is told that its rules changed; where it does not answer in this time, it sees so by itself. */
const RELOAD_LIMIT_MS = 5_000;

/** What the clean-up works on. */
export interface LeftBehind {
  readonly services: readonly ServiceName[];
  /** The file that stands for one of the core's paths. */
  readonly locate: (path: string) => string;
  readonly override: string;
  readonly owners: Owners;
  readonly reloadRules: () => void;
}

/** `running`: a daemon runs, and nothing was touched. */
interface CleanedUp {
  readonly outcome: "clean" | "failed" | "running";
  /** Whole sentences. */
  readonly lines: readonly string[];
}

/**
 * The udev override, which is staf's, and files half written. Records stay: the next start takes its connections up with them.
 * Nothing is touched while a daemon owns the name of one of the services, as far as that can be told.
 */
export function cleanUp({ services, locate, override, owners, reloadRules }: LeftBehind): CleanedUp {
  const lines: string[] = [];
  if (!owners.known) lines.push(`whether a daemon runs cannot be told: ${owners.problem}`);
  else if (owners.names.length > 0) {
    const names = owners.names.join(" and ");
    return {
      outcome: "running",
      lines: [`nothing is removed: a daemon runs, for D-Bus knows an owner of ${names}. Stop it: it removes its own`],
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
      lines.push(`${path} cannot be removed (${errnoName(gone.errno)})`);
    }
    if (gone.ok && path === override) reloadRules();
  }
  if (removed === 0 && outcome === "clean") lines.push("nothing was left behind");
  return { outcome, lines };
}

/** The clean-up of this host. */
export function cleanUpThisHost(parts: Pick<LeftBehind, "services" | "locate" | "owners">): CleanedUp {
  const reloadRules = (): void => {
    spawnSync("udevadm", ["control", "--reload"], { stdio: "ignore", timeout: RELOAD_LIMIT_MS });
  };
  return cleanUp({ ...parts, override: UDEV_OVERRIDE_PATH, reloadRules });
}
