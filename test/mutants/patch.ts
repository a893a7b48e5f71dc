/** Applies a unified diff to sources, strictly: the context must match to the letter, or the patch is refused. */
import { applyPatch, parsePatch, type StructuredPatch } from "diff";

/** A patch that cannot stand as a mutant: the patch's fault, never the tree's. */
export class PatchError extends Error {
  override readonly name = "PatchError";
}

/** A source file as the patch leaves it. */
interface PatchedFile {
  /** From the root of the tree, with slashes: `src/core/x.ts`. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Where a mutant may reach: into the decisions and what both worlds share. A simulated world or an oracle that is
 * changed proves nothing about the core.
 */
const MUTABLE = [/^src\/core\/.+\.ts$/, /^src\/adapters\/shared\/.+\.ts$/];

function parse(patch: string): readonly StructuredPatch[] {
  try {
    return parsePatch(patch).filter((file) => file.hunks.length > 0);
  } catch (error) {
    throw new PatchError(`no unified diff: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `a/src/x.ts` -> `src/x.ts`; a time stamp behind a tab is dropped. */
function pathOf(name: string | undefined): string {
  return (name ?? "").replace(/\t.*$/, "").replace(/^[ab]\//, "");
}

function targetOf(file: StructuredPatch): string {
  const from = pathOf(file.oldFileName);
  const to = pathOf(file.newFileName);
  if (from !== to) throw new PatchError(`changes files in place only, not ${from} into ${to}`);
  if (from.includes("..") || !MUTABLE.some((pattern) => pattern.test(from))) {
    throw new PatchError(`${from} is out of reach: a mutant changes src/core or src/adapters/shared`);
  }
  return from;
}

/**
 * The files that `patch` changes. Lines may have moved; the lines themselves, context included, must match exactly.
 *
 * @param read gives the text of a file by its path, or `undefined` where there is none.
 * @throws PatchError where the patch is no diff, reaches too far, or no longer applies.
 */
export function applyMutantPatch(patch: string, read: (path: string) => string | undefined): readonly PatchedFile[] {
  const files = parse(patch);
  if (files.length === 0) throw new PatchError("changes nothing");
  const seen = new Set<string>();
  return files.map((file) => {
    const path = targetOf(file);
    if (seen.has(path)) throw new PatchError(`changes ${path} in two places of the diff`);
    seen.add(path);
    const before = read(path);
    if (before === undefined) throw new PatchError(`${path} is gone`);
    const after = applyPatch(before, file, { fuzzFactor: 0, autoConvertLineEndings: false });
    if (after === false) throw new PatchError(`no longer applies to ${path}`);
    if (after === before) throw new PatchError(`changes nothing in ${path}`);
    return { path, before, after };
  });
}
