/** All files of checks, in the order in which they run. Add a new file here. */
import type { Check } from "../check.js";

/** Loaded on demand: every module costs time in an emulated guest, and a guest needs few. */
const FILES = {
  boot: async () => (await import("./boot.js")).bootChecks,
  daemon: async () => (await import("./daemon.js")).daemonChecks,
  adoption: async () => (await import("./adoption.js")).adoptionChecks,
  services: async () => (await import("./services.js")).servicesChecks,
  neighbours: async () => (await import("./neighbours.js")).neighboursChecks,
  fitness: async () => (await import("./fitness.js")).fitnessChecks,
  kill: async () => (await import("./kill.js")).killChecks,
  outage: async () => (await import("./outage.js")).outageChecks,
  blocked: async () => (await import("./blocked.js")).blockedChecks,
  contract: async () => (await import("./contract.js")).contractChecks,
  cdc: async () => (await import("./cdc.js")).cdcChecks,
  "cdc-daemon": async () => (await import("./cdc-daemon.js")).cdcDaemonChecks,
  options: async () => (await import("./options.js")).optionsChecks,
  transports: async () => (await import("./transports.js")).transportsChecks,
  rdma: async () => (await import("./rdma.js")).rdmaChecks,
  scopes: async () => (await import("./scopes.js")).scopesChecks,
  targets: async () => (await import("./targets.js")).targetsChecks,
  "cdc-options": async () => (await import("./cdc-options.js")).cdcOptionsChecks,
  mdns: async () => (await import("./mdns.js")).mdnsChecks,
  "mdns-daemon": async () => (await import("./mdns-daemon.js")).mdnsDaemonChecks,
  /** Run with `--bench` only. */
  bench: async () => (await import("../bench/index.js")).MEASUREMENTS,
} satisfies Record<string, () => Promise<readonly Check[]>>;

export type CheckFile = keyof typeof FILES;

/** A check with its file. */
export interface Listed {
  readonly file: CheckFile;
  readonly check: Check;
}

/** Loads the checks of these files, or of all files. */
export async function loadChecks(files: readonly CheckFile[] = CHECK_FILES): Promise<readonly Listed[]> {
  const loaded = await Promise.all(
    files.map(async (file) => (await FILES[file]()).map((check: Check): Listed => ({ file, check }))),
  );
  return loaded.flat();
}

const CHECK_FILES = Object.keys(FILES) as readonly CheckFile[];
