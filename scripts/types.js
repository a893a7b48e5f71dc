/** The type check: two incremental programs that share their source files, and judge each file once. */
import { createHash } from "node:crypto";
import { relative, sep } from "node:path";
import ts from "typescript";

/**
 * @typedef {object} Programs
 * @property {(file: string) => ts.EmitAndSemanticDiagnosticsBuilderProgram | undefined} programOf The program that judges
 *   a file (an absolute path), or `undefined` where none has it.
 * @property {() => readonly ts.Diagnostic[]} check Judges what changed since the last check, and remembers the rest.
 */

const CORE = `src${sep}core${sep}`;

/** @param {string} root @param {string} name @returns {ts.ParsedCommandLine} */
function readConfig(root, name) {
  const parsed = ts.getParsedCommandLineOfConfigFile(`${root}/${name}`, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
    },
  });
  if (parsed === undefined) throw new Error(`${name} cannot be read`);
  return parsed;
}

/**
 * A program whose source files come from `shared`, where both programs find them: the options that shape a tree are the
 * same for both.
 *
 * @param {ts.ParsedCommandLine} config
 * @param {Map<string, ts.SourceFile | undefined>} shared
 */
function createProgram(config, shared) {
  const host = ts.createIncrementalCompilerHost(config.options);
  const read = host.getSourceFile;
  host.getSourceFile = (file, ...rest) => {
    if (!shared.has(file)) shared.set(file, read(file, ...rest));
    return shared.get(file);
  };
  return ts.createIncrementalProgram({
    rootNames: config.fileNames,
    options: config.options,
    configFileParsingDiagnostics: ts.getConfigFileParsingDiagnostics(config),
    host,
  });
}

/**
 * What is wrong with a program, and with those of its files that it judges. Writes what it knows for the next run.
 *
 * @param {ts.EmitAndSemanticDiagnosticsBuilderProgram} program
 * @param {(file: string) => boolean} judges
 */
function diagnosticsOf(program, judges) {
  const diagnostics = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
  ];
  // First what changed and what that affects; then every file's answer is known, or is that of an earlier run.
  const skips = (/** @type {ts.SourceFile} */ file) => !judges(file.fileName);
  while (program.getSemanticDiagnosticsOfNextAffectedFile(undefined, skips) !== undefined);
  for (const file of program.getSourceFiles()) {
    if (program.getProgram().isSourceFileFromExternalLibrary(file) || !judges(file.fileName)) continue;
    diagnostics.push(...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file));
  }
  program.emit();
  return diagnostics;
}

/**
 * src/core is judged without Node's types (tsconfig.core.json), which it may not use; all else with them.
 *
 * @param {string} root
 * @returns {Programs}
 */
export function loadPrograms(root) {
  /** @type {Map<string, ts.SourceFile | undefined>} */
  const shared = new Map();
  const core = createProgram(readConfig(root, "tsconfig.core.json"), shared);
  const all = createProgram(readConfig(root, "tsconfig.json"), shared);
  /** @param {string} file */
  const isCore = (file) => relative(root, file).startsWith(CORE);
  return {
    programOf: (file) => [isCore(file) ? core : all].find((program) => program.getSourceFile(file) !== undefined),
    check: () => [...diagnosticsOf(core, isCore), ...diagnosticsOf(all, (file) => !isCore(file))],
  };
}

/** @param {readonly ts.Diagnostic[]} diagnostics @param {string} root */
export function formatDiagnostics(diagnostics, root) {
  return ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics([...diagnostics]), {
    getCurrentDirectory: () => root,
    getCanonicalFileName: (name) => name,
    getNewLine: () => "\n",
  });
}

/** @param {string} text */
export function digestOf(text) {
  return createHash("sha256").update(text).digest("hex");
}
