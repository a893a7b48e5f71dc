/** Whose the udev override is: of this process, of another daemon, of a killed one, or of someone else. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { UdevOverride } from "../../../src/adapters/real/udev-override.js";
import { UDEV_OVERRIDE_TEXT } from "../../../src/adapters/shared/udev-override.js";
import { realLibc } from "./network/real-libc.js";

let root = "";
let path = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "stas-override-"));
  path = join(root, "rules.d/70-nvmf-autoconnect.rules");
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** One process's view of the file. An open file of its own locks it, so one test process can play two daemons. */
function daemon(): UdevOverride {
  const made = new UdevOverride(realLibc, path);
  onTestFinished(() => made.release());
  return made;
}

describe("the udev override", () => {
  it("is written, written again and removed by its own process", () => {
    const one = daemon();
    expect(one.write()).toEqual({ ok: true });
    expect(one.write()).toEqual({ ok: true });
    expect(readFileSync(path, "utf8")).toBe(UDEV_OVERRIDE_TEXT);
    expect(one.remove()).toEqual({ ok: true, removed: true });
    expect(one.remove()).toEqual({ ok: true, removed: false });
    expect(daemon().write()).toEqual({ ok: true });
  });

  it("of a daemon that runs is neither replaced nor removed by another", () => {
    const first = daemon();
    first.write();
    const second = daemon();
    expect(second.write()).toEqual({ ok: false, because: "in-use" });
    expect(second.remove()).toEqual({ ok: false, because: "in-use" });
    expect(first.remove()).toEqual({ ok: true, removed: true });
  });

  it("of a killed daemon is taken over, and removed", () => {
    const killed = daemon();
    killed.write();
    killed.release();
    const next = daemon();
    expect(next.write()).toEqual({ ok: true });
    expect(daemon().remove()).toEqual({ ok: false, because: "in-use" });
    expect(next.remove()).toEqual({ ok: true, removed: true });
    killed.write();
    killed.release();
    expect(daemon().remove()).toEqual({ ok: true, removed: true });
  });

  it("that stas did not write stays", () => {
    daemon().write();
    const text = "# an administrator's own rules\n";
    rmSync(path);
    writeFileSync(path, text);
    expect(daemon().write()).toEqual({ ok: false, because: "foreign" });
    expect(daemon().remove()).toEqual({ ok: false, because: "foreign" });
    expect(readFileSync(path, "utf8")).toBe(text);
  });
});
