/** The project's part of a guest's file system: production packages (cached), the build, and the job. */
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { cached, keyOf } from "./cache.js";
import { Tree } from "./cpio.js";
import { LabFailure } from "./failure.js";

/** The project's folder in a guest. */
const GUEST_ROOT = "stas";

/** Only the files that node loads, and native modules only for this machine's C library. */
const LOADED = /\.(?:c?js|mjs|json|node)$/;
const NOT_LOADED = /(?:^|\/)musl_x64\//;

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), version: z.string().optional() })),
});

/** Returns the archive with the production packages of package-lock.json. */
export async function packagesImage(checkout: string): Promise<string> {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8")));
  const production = Object.entries(packages)
    .filter(([path, { dev }]) => path !== "" && dev !== true && existsSync(join(checkout, path)))
    .map(([path, { version }]) => ({ path, version }));
  if (production.length === 0) throw new LabFailure("node_modules is empty. Run npm ci first");
  const folder = await cached(`packages-${keyOf([production, String(LOADED), String(NOT_LOADED)])}`, (making) => {
    const tree = new Tree();
    for (const { path } of production) addLoaded(tree, checkout, path);
    tree.write(join(making, "packages.cpio"));
  });
  return join(folder, "packages.cpio");
}

/** Writes the archive with the output of `npm run build` and `npm run tools`, and the job's texts as /job/NAME. */
export function writeProjectImage(checkout: string, job: Readonly<Record<string, string>>, file: string): void {
  const tree = new Tree();
  tree.add(`${GUEST_ROOT}/package.json`, { kind: "copy", from: join(checkout, "package.json") });
  for (const folder of ["dist", "dist-tools"]) {
    if (!existsSync(join(checkout, folder)))
      throw new LabFailure(`${folder} is missing. Run npm run build && npm run tools first`);
    for (const path of filesUnder(join(checkout, folder))) {
      if (!LOADED.test(path)) continue;
      tree.add(`${GUEST_ROOT}/${folder}/${path}`, { kind: "copy", from: join(checkout, folder, path) });
    }
  }
  for (const [name, text] of Object.entries(job)) tree.add(`job/${name}`, { kind: "text", text });
  tree.write(file);
}

function addLoaded(tree: Tree, checkout: string, path: string): void {
  for (const file of filesUnder(join(checkout, path))) {
    // Nested packages have their own entries in the lock file.
    if (!LOADED.test(file) || NOT_LOADED.test(file) || file.startsWith("node_modules/")) continue;
    tree.add(`${GUEST_ROOT}/${path}/${file}`, { kind: "copy", from: join(checkout, path, file) });
  }
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}
