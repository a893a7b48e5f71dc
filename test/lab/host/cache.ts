/** The lab's cache: outside the checkout, safe against several labs at once, and never needed to be right, only to be fast. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where everything lies that is downloaded or built: `$STAS_LAB_CACHE`, else the user's cache folder. */
function cacheFolder(): string {
  const own = process.env["STAS_LAB_CACHE"];
  if (own !== undefined && own !== "") return own;
  const xdg = process.env["XDG_CACHE_HOME"];
  return join(xdg !== undefined && xdg !== "" ? xdg : join(homedir(), ".cache"), "stas-lab");
}

/** What nobody used for so long goes: kernels of another package, images of another node. */
const UNUSED_DAYS = 30;

/** Folders of runs that failed or were kept. */
const MAX_RUNS = 10;

/** Removes what has not been used for long, and the oldest runs. */
export function pruneCache(): void {
  const oldest = Date.now() - UNUSED_DAYS * 24 * 3600 * 1000;
  for (const { path, usedAt } of byAge(cacheFolder())) {
    if (usedAt < oldest) rmSync(path, { recursive: true, force: true });
  }
  for (const { path } of byAge(runsFolder()).slice(MAX_RUNS)) rmSync(path, { recursive: true, force: true });
}

/** Every run has a folder of its own there. */
export function runsFolder(): string {
  return join(cacheFolder(), "runs");
}

/** What lies in a folder, the latest first. */
function byAge(folder: string): readonly { readonly path: string; readonly usedAt: number }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) => ({ path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now() }))
    .sort((one, other) => other.usedAt - one.usedAt);
}

/** A short name for what something was built of: equal parts, equal key. */
export function keyOf(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}

/**
 * The folder `name` of the cache; where it is absent, `build` fills it. It is filled under another name and then
 * renamed, so that a folder of that name is whole, whoever was killed or came first.
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
