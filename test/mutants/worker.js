/** A worker thread of the mutant runner: runs `stas-sim` command lines, each in a fresh graph of the build's modules. */
import { join, posix } from "node:path";
import vm from "node:vm";
import { parentPort, workerData } from "node:worker_threads";

/** @typedef {import("./pool.js").Job} Job */
/** @typedef {import("./pool.js").Ending} Ending */
/** @typedef {import("../../src/harness/commands/terminal.js").Terminal} Terminal */
/** @typedef {{ runCommandLine: typeof import("../../src/harness/cli.js").runCommandLine }} Entry */

/** @type {import("./modules.js").Build} */
const build = workerData;

/** Namespaces, marked as such: then a default import takes their default export. @type {Map<string, unknown>} */
const externals = new Map();
for (const specifier of build.externals)
  externals.set(specifier, Object.create(await import(specifier), { __esModule: { value: true } }));

/** @param {string} path @param {string} text */
function compile(path, text) {
  return new vm.Script(`(function (exports, require) {${text}\n})`, { filename: join(build.folder, path) });
}

/** The scripts of the build itself: compiled once, and their byte code serves every graph. @type {Map<string, vm.Script>} */
const compiled = new Map();

/** @param {string} path */
function scriptOf(path) {
  const known = compiled.get(path);
  if (known !== undefined) return known;
  const text = build.modules.get(path);
  if (text === undefined) throw new Error(`the build has no module ${path}`);
  const made = compile(path, text);
  compiled.set(path, made);
  return made;
}

/** A graph of its own, with these modules in place of the build's. @param {Job["changed"]} changed @returns {Entry} */
function freshGraph(changed) {
  /** @type {Map<string, object>} */
  const graph = new Map();
  /** @param {string} path @returns {any} */
  const load = (path) => {
    const loaded = graph.get(path);
    if (loaded !== undefined) return loaded;
    const exports = {};
    graph.set(path, exports);
    const text = changed.get(path);
    const script = text === undefined ? scriptOf(path) : compile(path, text);
    /** @param {string} specifier */
    const require = (specifier) =>
      specifier.startsWith(".") ? load(posix.join(posix.dirname(path), specifier)) : externals.get(specifier);
    script.runInThisContext()(exports, require);
    return exports;
  };
  return load(build.entry);
}

/** @param {string} text */
const plain = (text) => text;

/** @param {Job} job @returns {Promise<Ending>} */
async function run({ changed, args }) {
  /** @type {string[]} */
  const out = [];
  /** @type {string[]} */
  const err = [];
  /** @type {Terminal} */
  const terminal = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    bar: undefined,
    paint: { green: plain, red: plain, yellow: plain, bold: plain, dim: plain },
    ownScenarios: "",
  };
  try {
    const status = await freshGraph(changed).runCommandLine(args, terminal);
    return { kind: "left", status, out: out.join("\n"), err: err.join("\n") };
  } catch (error) {
    return { kind: "crashed", what: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort?.on("message", (/** @type {Job} */ job) => {
  void run(job).then((ending) => parentPort?.postMessage(ending));
});
parentPort?.postMessage("ready");
