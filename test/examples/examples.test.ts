/** The examples, run as a reader would run them. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { parseScenario } from "../../src/harness/scenario/parse.js";

const run = async (example: string): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [`examples/${example}.js`], { timeout: 120_000 });
  return stdout;
};

describe.concurrent("an example", { timeout: 120_000 }, () => {
  test("property.js finds the smallest scenario that refutes a wrong claim", async ({ expect }) => {
    const output = await run("property");
    const [said = "", yaml = ""] = output.split(/\n\n(?=format)/u);
    expect(said).toContain("The claim is wrong");
    const parsed = parseScenario("printed.yaml", yaml);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect(parsed.scenario.timeline.map(({ action }) => action.kind)).toEqual(["unlist"]);
  });

  test("own-oracle.js watches every scenario of a folder", async ({ expect }) => {
    expect(await run("own-oracle")).toMatch(/^[1-9]\d* scenarios, 0 with a connect storm\n$/u);
  });

  test("bare-world.js shows a volume that returns after the kernel removed it", async ({ expect }) => {
    const output = await run("bare-world");
    expect(output).toContain("20000 ms  nvme1 is deleting");
    expect(output).toContain("nvme1 to vol1 is live");
  });
});

const entryShape = z.object({ types: z.string(), default: z.string() });

test("every entry of the package names a module that loads, and its types", async () => {
  const { exports } = z
    .object({ exports: z.record(z.string(), z.union([z.string(), entryShape])) })
    .parse(JSON.parse(readFileSync("package.json", "utf8")));
  const entries = Object.values(exports).filter((entry) => typeof entry !== "string");
  expect(entries.length).toBeGreaterThan(0);
  for (const entry of entries) {
    expect(existsSync(entry.types), entry.types).toBe(true);
    const loaded: unknown = await import(pathToFileURL(entry.default).href);
    expect(loaded, entry.default).toBeTypeOf("object");
  }
});
