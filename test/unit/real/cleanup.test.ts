/** What `--cleanup` removes and what it keeps. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cleanUp, type LeftBehind } from "../../../src/adapters/real/cleanup.js";
import { UDEV_OVERRIDE_TEXT } from "../../../src/adapters/shared/udev-override.js";
import { realLibc } from "./network/real-libc.js";

let root = "";
let reloads = 0;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "stas-cleanup-"));
  reloads = 0;
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A host on which a daemon of both services was killed in the middle of its writes. */
function killed(other: Partial<LeftBehind> = {}): LeftBehind {
  for (const folder of ["run/stafd", "run/stacd", "rules.d"]) mkdirSync(join(root, folder), { recursive: true });
  for (const service of ["stafd", "stacd"])
    for (const name of ["last-known-config.json", ".last-known-config.json.tmp"])
      writeFileSync(join(root, "run", service, name), "{}");
  for (const name of ["70-nvmf-autoconnect.rules", ".70-nvmf-autoconnect.rules.tmp", "99-other.rules"])
    writeFileSync(join(root, "rules.d", name), UDEV_OVERRIDE_TEXT);
  return {
    services: ["staf", "stac"],
    locate: (path) => join(root, path),
    override: join(root, "rules.d/70-nvmf-autoconnect.rules"),
    libc: realLibc,
    rivals: [],
    reloadRules: () => {
      reloads += 1;
    },
    ...other,
  };
}

const left = (): readonly string[] =>
  ["run/stafd", "run/stacd", "rules.d"].flatMap((folder) => readdirSync(join(root, folder)).sort());

const RECORD = "last-known-config.json";

describe("the clean-up", () => {
  test("removes the override and half-written files, says so, and keeps the records", () => {
    const { outcome, lines } = cleanUp(killed());
    expect(outcome).toBe("clean");
    expect(left()).toEqual([RECORD, RECORD, "99-other.rules"]);
    expect(lines).toHaveLength(4);
    expect(lines).toContain(`removed ${join(root, "rules.d/70-nvmf-autoconnect.rules")}`);
    expect(reloads).toBe(1);
    expect(cleanUp({ ...killed(), services: [] }).lines).toEqual(["nothing was left behind"]);
  });

  test("leaves the override to staf", () => {
    cleanUp(killed({ services: ["stac"] }));
    expect(left()).toContain("70-nvmf-autoconnect.rules");
    expect(reloads).toBe(0);
  });

  test("touches nothing while a daemon is running", () => {
    const host = killed({ rivals: [{ holds: "name", what: "org.nvmexpress.staf", pid: undefined }] });
    const before = left();
    const { outcome, lines } = cleanUp(host);
    expect(outcome).toBe("running");
    expect(lines).toEqual(["nothing is removed: another daemon owns org.nvmexpress.staf on D-Bus. Stop it first"]);
    expect(left()).toEqual(before);
  });

  test("keeps an override that stas did not write, and says so", () => {
    const host = killed();
    writeFileSync(host.override, "# an administrator's own rules\n");
    const { outcome, lines } = cleanUp(host);
    expect(outcome).toBe("clean");
    expect(lines).toContain(`${host.override} stays: stas did not write it`);
    expect(left()).toEqual([RECORD, RECORD, "70-nvmf-autoconnect.rules", "99-other.rules"]);
    expect(reloads).toBe(0);
  });

  test("fails if a file cannot be removed, and removes the rest", () => {
    const host = killed();
    const stuck = join(root, "run/stafd/.last-known-config.json.tmp");
    rmSync(stuck);
    mkdirSync(stuck);
    const { outcome, lines } = cleanUp(host);
    expect(outcome).toBe("failed");
    expect(lines.join()).toContain("cannot be removed");
    expect(left()).toEqual([".last-known-config.json.tmp", RECORD, RECORD, "99-other.rules"]);
  });
});
