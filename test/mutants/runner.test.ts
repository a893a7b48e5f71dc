/** The mutant runner itself, on a toy tree whose stas-sim is a few lines long. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { applyMutantPatch, PatchError } from "./patch.js";
import { type Outcome, Trials } from "./trial.js";
import { mutatedModules, pairMutants, staleSource, type Mutant } from "./tree.js";

const SOURCE = `/** Decides. */
export function decide(known: boolean): string {
  // Not knowing is not an empty list.
  if (!known) return "keep";
  return "disconnect";
}

export const LAST = 1;
`;

const SOURCE_BUILT = SOURCE.replace("known: boolean): string", "known)");

/** A stas-sim for a world of one decision. What `decide` answers stands for what a real one may do wrong. */
const STAS_SIM = `import { decide } from "../core/decide.js";
let runs = 0;
export async function runCommandLine([, file], terminal) {
  const decided = decide(false);
  const failures = decided === "keep" ? [] : [{ kind: "expectation", name: "never", expected: "keep", observed: decided }];
  const verdict = decided === "keep" ? "pass" : decided === "maybe" ? "inconclusive" : "fail";
  if (decided === "oracle" || runs++ > 0) failures[0].kind = "oracle";
  if (decided === "exit") process.exit(3);
  if (decided === "bad file") return 65;
  terminal.out(JSON.stringify({ verdict, scenarios: [{ file, failures }] }));
  return { pass: 0, fail: 1, inconclusive: 2 }[verdict];
}
`;

/** A patch that lets \`decide\` answer something else where nothing is known. */
function patchTo(answer: string): string {
  return `Upstream took no answer for an empty list.

diff --git a/src/core/decide.ts b/src/core/decide.ts
index 1111111..2222222 100644
--- a/src/core/decide.ts
+++ b/src/core/decide.ts
@@ -1,7 +1,7 @@
 /** Decides. */
 export function decide(known: boolean): string {
   // Not knowing is not an empty list.
-  if (!known) return "keep";
+  if (!known) return ${answer};
   return "disconnect";
 }
 
`;
}

const MUTANT: Mutant = { number: "05", name: "05-toy", scenario: "sim/scenarios/field/05-toy.yaml" };

let root = "";

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "stas-toy-"));
  write("package.json", `{ "type": "module" }`);
  write("src/core/decide.ts", SOURCE);
  write("dist/core/decide.js", SOURCE_BUILT);
  write("dist/core/decide.js.map", JSON.stringify({ sourcesContent: [SOURCE] }));
  write("dist/harness/cli.js", STAS_SIM);
  write("sim/scenarios/field/05-toy.yaml", "format: 1\n");
  write("test/mutants/05-toy.patch", patchTo('"disconnect"'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A bound that the toy keeps by far, and that a mutant which hangs reaches soon. */
const LIMIT_MS = 2_000;

/** Tries each of these patches in turn, in the same thread. */
async function tryEach(...patches: readonly string[]): Promise<readonly Outcome[]> {
  const trials = new Trials(root, { lanes: 1, limitMs: LIMIT_MS });
  const outcomes: Outcome[] = [];
  try {
    for (const patch of patches) {
      write("test/mutants/05-toy.patch", patch);
      outcomes.push(await trials.try(MUTANT));
    }
  } finally {
    await trials.close();
  }
  return outcomes;
}

const CAUGHT = { kind: "caught", failures: [{ kind: "expectation", name: "never" }] };

describe("a trial", () => {
  test("a mutant that breaks an expectation is caught, with the expectation named", async () => {
    expect(await tryEach(patchTo('"disconnect"'))).toMatchObject([CAUGHT]);
  });

  test.each([
    ["that changes nothing seen", '"ke" + "ep"', "missed", "passes with the bug put back"],
    ["that leaves the verdict open", '"maybe"', "missed", "inconclusive"],
    ["that only an oracle sees", '"oracle"', "missed", "no expectation of"],
    ["whose harness refuses the file", '"bad file"', "broken", "status 65 and printed no JSON"],
    ["whose harness falls over", "(() => { throw new Error('toy crash') })()", "broken", "toy crash"],
    ["that ends its thread", '"exit"', "broken", "its thread ended with status 3"],
    ["that hangs", "(() => { for (;;); })()", "broken", "was ended after 2 s"],
    ["that is no TypeScript", "%", "broken", "src/core/decide.ts"],
    ["that only says the same again", '"keep" /* as ever */', "missed", "passes with the bug put back"],
  ])("a mutant %s is not caught, and the next one is", async (_what, answer, kind, problem) => {
    const outcomes = await tryEach(patchTo(answer), patchTo('"disconnect"'));
    expect(outcomes).toMatchObject([{ kind, problem: expect.stringContaining(problem) as string }, CAUGHT]);
  });

  test("each run has modules of its own: nothing lingers from the one before", async () => {
    expect(await tryEach(patchTo('"disconnect"'), patchTo('"ke" + "ep"'), patchTo('"gone"'))).toMatchObject([
      CAUGHT,
      { kind: "missed" },
      CAUGHT,
    ]);
  });

  test("a scenario that fails without the bug proves nothing", async () => {
    write("dist/core/decide.js", SOURCE_BUILT.replace('"keep"', '"forget"'));
    expect(await tryEach(patchTo('"disconnect"'))).toMatchObject([
      { kind: "broken", problem: expect.stringContaining("does not pass without the bug") as string },
    ]);
  });

  test("a patch that no longer applies is broken, and named", async () => {
    write("src/core/decide.ts", SOURCE.replace("an empty list", "a void"));
    expect(await tryEach(patchTo('"disconnect"'))).toEqual([
      { kind: "broken", problem: "05-toy.patch: no longer applies to src/core/decide.ts" },
    ]);
  });

  test("a patch of a module that stas-sim does not load is broken", async () => {
    write("src/core/other.ts", SOURCE);
    expect(await tryEach(patchTo('"disconnect"').replaceAll("decide.ts", "other.ts"))).toEqual([
      { kind: "broken", problem: "stas-sim does not load core/other.js" },
    ]);
  });

  test("the tree is as it was, and nothing is copied", async () => {
    const left = (): unknown => [
      readdirSync(root, { recursive: true }),
      readdirSync(tmpdir()).filter((name) => name.startsWith("stas-mutant-")),
    ];
    const before = left();
    await tryEach(patchTo('"disconnect"'));
    expect(left()).toEqual(before);
  });

  test("a comment is no mutant", () => {
    write("test/mutants/05-toy.patch", patchTo('"keep"').replace("+  if (!known)", "+ if (!known)"));
    expect(() => mutatedModules(root, MUTANT)).toThrow("changes no code in src/core/decide.ts");
  });
});

describe("a patch", () => {
  const read = (path: string): string | undefined => (path === "src/core/decide.ts" ? SOURCE : undefined);

  test("finds its lines where others were added above", () => {
    const files = applyMutantPatch(patchTo('"gone"'), (path) => `// one\n// two\n// three\n${read(path) ?? ""}`);
    expect(files.map(({ after }) => after)).toEqual([
      `// one\n// two\n// three\n${SOURCE.replace('"keep"', '"gone"')}`,
    ]);
  });

  test.each([
    ["empty", "", "changes nothing"],
    ["prose", "Nothing here.\n", "changes nothing"],
    ["cut short", patchTo('"gone"').split("\n").slice(0, 10).join("\n"), "no unified diff"],
    ["of the simulated world", patchTo('"gone"').replaceAll("src/core/", "src/adapters/sim/"), "out of reach"],
    ["of a path that climbs", patchTo('"gone"').replaceAll("src/core/", "src/core/../harness/"), "out of reach"],
    ["of a file that is gone", patchTo('"gone"').replaceAll("decide", "decided"), "is gone"],
    ["that makes a file", patchTo('"gone"').replace("--- a/src/core/decide.ts", "--- /dev/null"), "in place only"],
    ["with other context", patchTo('"gone"').replace("Decides", "decides"), "no longer applies"],
  ])("%s is refused", (_what, patch, problem) => {
    expect(() => applyMutantPatch(patch, read)).toThrow(PatchError);
    expect(() => applyMutantPatch(patch, read)).toThrow(problem);
  });
});

describe("pairs", () => {
  test("a patch takes the scenario of its name, else the only one of its number", () => {
    write("test/mutants/05-other-name.patch", patchTo('"gone"'));
    expect(pairMutants(root)).toEqual({
      mutants: [{ ...MUTANT, name: "05-other-name" }, MUTANT],
      problems: [],
    });
  });

  test("what lacks its other half, or a proper name, is a problem", () => {
    write("test/mutants/06-alone.patch", patchTo('"gone"'));
    write("test/mutants/Odd.patch", patchTo('"gone"'));
    write("sim/scenarios/field/07-alone.yaml", "format: 1\n");
    expect(pairMutants(root).problems).toEqual([
      "test/mutants/Odd.patch: not named NN-name.patch",
      "test/mutants/06-alone.patch: no scenario of its name, and not one alone of its number",
      "sim/scenarios/field/07-alone.yaml: no patch puts its bug back",
    ]);
  });

  test("a bug without a number has its patch by name, in any folder; only folders of bugs must have one", () => {
    write("test/mutants/torn-record.patch", patchTo('"gone"'));
    write("test/mutants/alone.patch", patchTo('"gone"'));
    write("sim/scenarios/defects/torn-record.yaml", "format: 1\n");
    write("sim/scenarios/defects/unproved.yaml", "format: 1\n");
    write("sim/scenarios/basics/quiet.yaml", "format: 1\n");
    expect(pairMutants(root)).toEqual({
      mutants: [MUTANT, { number: "", name: "torn-record", scenario: "sim/scenarios/defects/torn-record.yaml" }],
      problems: [
        "test/mutants/alone.patch: no scenario of its name, and not one alone of its number",
        "sim/scenarios/defects/unproved.yaml: no patch puts its bug back",
      ],
    });
  });

  test("two scenarios of one name leave open whose patch it is", () => {
    write("sim/scenarios/basics/05-toy.yaml", "format: 1\n");
    expect(pairMutants(root).mutants).toEqual([]);
  });

  test("no patches at all is a problem, not a success", () => {
    rmSync(join(root, "test/mutants/05-toy.patch"));
    expect(pairMutants(root)).toEqual({
      mutants: [],
      problems: [
        "test/mutants holds no patch: no field bug is put back",
        "sim/scenarios/field/05-toy.yaml: no patch puts its bug back",
      ],
    });
  });
});

describe("a build that is out of date", () => {
  test("is noticed where the source is another, and where the output is missing", () => {
    expect(staleSource(root)).toBeUndefined();
    write("src/core/decide.ts", `${SOURCE}\n`);
    expect(staleSource(root)).toBe("core/decide.ts");
    write("src/core/decide.ts", SOURCE);
    expect(staleSource(root)).toBeUndefined();
    rmSync(join(root, "dist/core/decide.js"));
    expect(staleSource(root)).toBe("core/decide.ts");
  });
});
