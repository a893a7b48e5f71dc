/** The lab's cache. It is outside the checkout, several labs can share it, and deleting it only costs time. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder for downloads and builds: `$STAS_LAB_CACHE`, else the user's cache folder. */
function cacheFolder(): string {
  const own = process.env["STAS_LAB_CACHE"];
  if (own !== undefined && own !== "") return own;
  const xdg = process.env["XDG_CACHE_HOME"];
  return join(xdg !== undefined && xdg !== "" ? xdg : join(homedir(), ".cache"), "stas-lab");
}

/** Entries unused for this long are removed: old kernels, images with another node. */
const UNUSED_DAYS = 30;

/** The most folders of failed or kept runs. */
const MAX_RUNS = 10;

/** Removes entries that have long been unused, and the oldest runs. */
export function pruneCache(): void {
  const oldest = Date.now() - UNUSED_DAYS * 24 * 3600 * 1000;
  for (const { path, usedAt } of byAge(cacheFolder())) {
    if (usedAt < oldest) rmSync(path, { recursive: true, force: true });
  }
  for (const { path } of byAge(runsFolder()).slice(MAX_RUNS)) rmSync(path, { recursive: true, force: true });
}

/** The parent of the runs' folders. */
export function runsFolder(): string {
  return join(cacheFolder(), "runs");
}

/** The entries of a folder, most recently used first. */
function byAge(folder: string): readonly { readonly path: string; readonly usedAt: number }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) => ({ path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now() }))
    .sort((one, other) => other.usedAt - one.usedAt);
}

/** A short key for the inputs of a build. Equal inputs give equal keys. */
export function keyOf(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}

/**
 * Returns the cache folder `name`. If it is absent, `build` fills it under another name, and it is then renamed. So a folder
 * with that name is always complete, even if a build is killed or two builds race.
 */
export async function cached(name: string, build: (folder: string) => Promise<void> | void): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) {
    const now = new Date();
    utimesSync(folder, now, now);
    return folder;
  }
  mkdirSync(cacheFolder(), { recursive: true });
  const making = mkdtempSync(join(cacheFolder(), `making-${name}-`));
  try {
    await build(making);
    if (!existsSync(folder)) renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}
