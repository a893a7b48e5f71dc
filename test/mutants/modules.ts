/** The build's modules as functions of one script each, so that a process can make any number of fresh graphs of them. */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

/** The module of the build whose `runCommandLine` is `stas-sim`. */
const ENTRY = "harness/cli.js";

/** The modules that `stas-sim` loads, keyed by their path under dist/. */
export interface Build {
  readonly folder: string;
  readonly entry: string;
  /** CommonJS text by module. */
  readonly modules: ReadonlyMap<string, string>;
  /** Packages and Node modules that they import. */
  readonly externals: readonly string[];
}

/** A module that does not compile. */
export class CompileError extends Error {
  override readonly name = "CompileError";
}

function transpile(path: string, text: string, options: ts.CompilerOptions): string {
  const { outputText, diagnostics } = ts.transpileModule(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2023, ...options },
  });
  const first = diagnostics?.[0];
  if (first !== undefined)
    throw new CompileError(`${path}: ${ts.flattenDiagnosticMessageText(first.messageText, " ")}`);
  return outputText;
}

/**
 * One source module's JavaScript, as the build emits it.
 *
 * @throws CompileError
 */
export function emitModule(path: string, text: string): string {
  return transpile(path, text, { module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true });
}

/** A module of the build as CommonJS. */
export function toCommonJs(path: string, text: string): string {
  return transpile(path, text, { module: ts.ModuleKind.CommonJS, allowJs: true });
}

function importsOf(text: string): readonly string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** Reads what `stas-sim` loads from the build of the tree at `root`. */
export function loadBuild(root: string): Build {
  const folder = join(root, "dist");
  const modules = new Map<string, string>();
  const externals = new Set<string>();
  const waiting = [ENTRY];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (modules.has(path)) continue;
    const text = readFileSync(join(folder, path), "utf8");
    modules.set(path, toCommonJs(path, text));
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith(".")) waiting.push(posix.join(posix.dirname(path), specifier));
      else externals.add(specifier);
    }
  }
  return { folder, entry: ENTRY, modules, externals: [...externals] };
}
