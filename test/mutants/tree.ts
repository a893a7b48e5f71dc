/** The mutants of a tree, the scenarios they belong to, and the modules that a mutant changes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { CompileError, emitModule, toCommonJs } from "./modules.js";
import { applyMutantPatch, PatchError } from "./patch.js";

const PATCHES = "test/mutants";
const SCENARIOS = "sim/scenarios";

/** Folders of bugs that somebody had: each of their scenarios needs a patch. Others may have some. */
const FOLDERS_OF_BUGS: readonly string[] = ["field", "defects"];

/** A bug, put back by a patch. */
export interface Mutant {
  /** `03` of a field bug; empty for another. */
  readonly number: string;
  /** `03-cache-lost-on-remove`, also where the names of patch and scenario differ. */
  readonly name: string;
  /** The scenario that must catch it, from the root of the tree. */
  readonly scenario: string;
}

interface Pairing {
  readonly mutants: readonly Mutant[];
  /** Patches without a scenario, scenarios without a patch, names that do not fit: one line each. */
  readonly problems: readonly string[];
}

interface Named {
  readonly folder: string;
  readonly number: string;
  readonly name: string;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Files `NN-name<ending>` and `name<ending>` of a folder, in order; what ends so but is named otherwise goes to `problems`. */
function named(root: string, folder: string, ending: string, problems: string[]): readonly Named[] {
  const found: Named[] = [];
  for (const file of readdirSync(join(root, folder)).sort()) {
    if (!file.endsWith(ending)) continue;
    const name = file.slice(0, -ending.length);
    const match = /^(?:(\d\d)-)?[a-z][a-z0-9.-]*$/.exec(name);
    const number = match?.[1] ?? "";
    if (match === null || (number === "" && folder === `${SCENARIOS}/field`))
      problems.push(`${folder}/${file}: not named NN-name${ending}`);
    else found.push({ folder, number, name });
  }
  return found;
}

function scenariosOf(root: string, problems: string[]): readonly Named[] {
  return readdirSync(join(root, SCENARIOS), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .flatMap((folder) => named(root, `${SCENARIOS}/${folder}`, ".yaml", problems));
}

/** Whose scenario a patch is tried on: the one of its own name, else the only one of its number. */
function scenarioOf(patch: Named, scenarios: readonly Named[]): Named | undefined {
  const same = scenarios.filter(({ name }) => name === patch.name);
  if (same.length > 0) return same.length === 1 ? same[0] : undefined;
  const numbered = scenarios.filter(({ number }) => number !== "" && number === patch.number);
  return numbered.length === 1 ? numbered[0] : undefined;
}

/** Pairs every patch with its scenario, and the scenarios of bugs with their patches. */
export function pairMutants(root: string): Pairing {
  const problems: string[] = [];
  const patches = named(root, PATCHES, ".patch", problems);
  const scenarios = scenariosOf(root, problems);
  if (patches.length === 0) problems.push(`${PATCHES} holds no patch: no field bug is put back`);
  if (scenarios.length === 0) problems.push(`${SCENARIOS} holds no scenario`);
  const mutants: Mutant[] = [];
  for (const { number, name } of patches) {
    const scenario = scenarioOf({ folder: PATCHES, number, name }, scenarios);
    if (scenario === undefined)
      problems.push(`${PATCHES}/${name}.patch: no scenario of its name, and not one alone of its number`);
    else mutants.push({ number, name, scenario: pathOf(scenario) });
  }
  const bugs = scenarios.filter(({ folder }) => FOLDERS_OF_BUGS.some((one) => folder === `${SCENARIOS}/${one}`));
  for (const path of bugs.map(pathOf)) {
    if (!mutants.some(({ scenario }) => scenario === path)) problems.push(`${path}: no patch puts its bug back`);
  }
  return { mutants, problems };
}

function pathOf({ folder, name }: Named): string {
  return `${folder}/${name}.yaml`;
}

/** Of a source map: the text that was compiled. */
const sourceMapShape = z.looseObject({ sourcesContent: z.array(z.string()).length(1) });

/** The source whose build is missing or is that of another text, or `undefined` where dist/ is up to date. */
export function staleSource(root: string): string | undefined {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return sources
    .filter((file) => /\.c?ts$/.test(file) && !/\.d\.c?ts$/.test(file))
    .find((file) => {
      const output = join(root, "dist", emitted(file));
      const map = readText(`${output}.map`);
      if (readText(output) === undefined || map === undefined) return true;
      const [compiled] = sourceMapShape.parse(JSON.parse(map)).sourcesContent;
      return compiled !== readText(join(root, "src", file));
    });
}

function emitted(source: string): string {
  return source.replace(/ts$/, "js");
}

/**
 * The modules that the mutant changes, as CommonJS, by their path under dist/.
 *
 * @throws PatchError where the patch does not make a mutant.
 */
export function mutatedModules(root: string, mutant: Mutant): ReadonlyMap<string, string> {
  const patch = readFileSync(join(root, PATCHES, `${mutant.name}.patch`), "utf8");
  const changed = applyMutantPatch(patch, (path) => readText(join(root, path)));
  return new Map(
    changed.map(({ path, before, after }) => [emitted(path.replace(/^src\//, "")), mutated(path, before, after)]),
  );
}

function mutated(path: string, before: string, after: string): string {
  try {
    const output = emitModule(path, after);
    if (output === emitModule(path, before)) throw new PatchError(`changes no code in ${path}`);
    return toCommonJs(path, output);
  } catch (error) {
    throw error instanceof CompileError ? new PatchError(error.message) : error;
  }
}
