import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "../../../src/harness/cli.js";
import { EXIT } from "../../../src/harness/commands/terminal.js";
import { smallWorld } from "./scripted.js";

const plain = (text: string): string => text;
const PAINT = { green: plain, red: plain, yellow: plain, bold: plain, dim: plain };

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stas-sim-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function stasSim(...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const status = await runCommandLine(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    bar: undefined,
    paint: PAINT,
    ownScenarios: folder,
  });
  return { status, out: out.join("\n"), err: err.join("\n") };
}

const PASSING = smallWorld("expect: [{ at: 50s, connected: [dc1, vol1] }]");
const FAILING = smallWorld("expect: [{ at: 0s, connected: [vol1] }]");
const OPEN = smallWorld("timeline: [{ when: { disconnected: vol1 }, disk: full }]");

describe("stas-sim run", () => {
  test("prints a plain line and a table with verdict and speed, and exits with 0", async () => {
    const { status, out } = await stasSim("run", file("good.yaml", PASSING));
    expect(status).toBe(EXIT.pass);
    expect(out).toContain(`pass ${join(folder, "good.yaml")}`);
    expect(out).toMatch(/pass\s+│ A small world\s+│ .*good\.yaml\s+│\s+1m │\s+\d+ │\s+[\d,]+x/);
  });

  test("names the file and line of a failed expectation, what was expected and observed, and exits with 1", async () => {
    const { status, out } = await stasSim("run", file("bad.yaml", FAILING));
    expect(status).toBe(EXIT.fail);
    const line = FAILING.split("\n").findIndex((each) => each.startsWith("expect:")) + 1;
    expect(out).toContain(`bad.yaml:${String(line)} expectation connected`);
    expect(out).toContain("expected: connected at 0 s: vol1");
    expect(out).toContain("observed: vol1: no controller");
  });

  test("exits with 2 if a run is inconclusive, and with 1 if another run fails", async () => {
    expect((await stasSim("run", file("open.yaml", OPEN))).status).toBe(EXIT.inconclusive);
    file("bad.yaml", FAILING);
    expect((await stasSim("run", folder)).status).toBe(EXIT.fail);
  });

  test("searches folders recursively in name order, and runs its own scenarios without an argument", async () => {
    mkdirSync(join(folder, "b"));
    file("c.yaml", PASSING);
    file("b/z.yml", PASSING);
    file("a.yaml", PASSING);
    file("note.txt", "not a scenario");
    const { status, out } = await stasSim("run", "--json");
    expect(status).toBe(EXIT.pass);
    const report = JSON.parse(out) as { readonly scenarios: readonly { readonly file: string }[] };
    expect(report.scenarios.map((each) => each.file.slice(folder.length + 1))).toEqual(["a.yaml", "b/z.yml", "c.yaml"]);
  });

  test("writes the trace whose hash it reports", async () => {
    const trace = join(folder, "trace.jsonl");
    const { out } = await stasSim("run", "--json", "--once", "--trace", trace, file("good.yaml", PASSING));
    const hash = createHash("sha256").update(readFileSync(trace)).digest("hex");
    expect(JSON.parse(out)).toMatchObject({ scenarios: [{ traceHash: hash }] });
  });

  test("names the line and path of a problem and what was expected, runs nothing, and exits with 65", async () => {
    const good = file("a.yaml", PASSING);
    const bad = file("b.yaml", PASSING.replace("until: 60s", "until: soon"));
    const { status, out, err } = await stasSim("run", good, bad);
    expect(status).toBe(EXIT.badFile);
    expect(out).toBe("");
    expect(err).toMatch(/b\.yaml:\d+:\d+: until: expected .*, found /);
  });

  test.each([
    ["a missing file", "missing.yaml"],
    ["a folder without scenarios", "."],
  ])("exits with 65 for %s", async (_what, name) => {
    const { status, err } = await stasSim("run", join(folder, name));
    expect(status).toBe(EXIT.badFile);
    expect(err).toContain("expected");
  });

  test.each([
    ["an unknown option", ["run", "--sead", "1"]],
    ["a seed that is not a number", ["run", "--seed", "x"]],
    ["an unknown command", ["walk"]],
    ["explain without a time", ["explain", "x.yaml"]],
    ["explain with a bad time", ["explain", "x.yaml", "--at", "noon"]],
  ])("exits with 64 for %s", async (_what, args) => {
    const { status, err } = await stasSim(...args);
    expect(status).toBe(EXIT.usage);
    expect(err).not.toBe("");
  });

  test("exits with 64 for a trace of several scenarios", async () => {
    file("a.yaml", PASSING);
    file("b.yaml", PASSING);
    expect((await stasSim("run", "--trace", join(folder, "t"), folder)).status).toBe(EXIT.usage);
  });

  test("prints help and exits with 0", async () => {
    const { status, out } = await stasSim("run", "--help");
    expect(status).toBe(EXIT.pass);
    expect(out).toContain("--once");
  });
});

describe("stas-sim explain", () => {
  test("prints what every controller was doing then and why, and what the kernel had", async () => {
    const waiting = PASSING.replace(
      '"192.168.1.30:4420"',
      '{ transport: tcp, traddr: 192.168.1.30, trsvcid: "4420", state: refuses }',
    );
    const { status, out } = await stasSim("explain", file("good.yaml", waiting), "--at", "30s");
    expect(status).toBe(EXIT.pass);
    expect(out).toContain("staf tcp 192.168.1.20:8009 nqn.2014-08.org.nvmexpress.discovery (nvme0)");
    expect(out).toMatch(
      /stac tcp 192\.168\.1\.30:4420 .*vol1\n {2}.*, since [\d.]+ s\n {2}why: .+\n {2}wanted: .+\n {2}next: .+/,
    );
    expect(out).toMatch(/the kernel has\n {2}nvme0 live, discovery, made by stas: .* = dc1/);
  });
});
