/** The locks of the run folder, against another process. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { LogRecord } from "../../../src/core/ports/log.js";
import type { ServiceName } from "../../../src/core/ports/bus.js";
import { rivalText } from "../../../src/adapters/real/rivals.js";
import { lockHolders, RunLocks } from "../../../src/adapters/real/run-lock.js";
import { realLibc } from "./network/real-libc.js";

const WHILE_KILLED_MS = 60_000;

let root = "";
let log: LogRecord[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "stas-lock-"));
  log = [];
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function locks(services: readonly ServiceName[], libc = realLibc as typeof realLibc | undefined): RunLocks {
  const made = new RunLocks({ libc, runDir: root, services }, { write: (record) => log.push(record) });
  onTestFinished(() => made.release());
  return made;
}

const path = (service: string): string => join(root, `stas/${service}.lock`);

/** Another process that holds a lock, and its number in the file as a daemon writes it. */
async function holder(service: ServiceName): Promise<ChildProcess> {
  mkdirSync(join(root, "stas"), { recursive: true });
  const script = `exec 9>>"${path(service)}" && flock -x 9 && echo locked && exec sleep 1000`;
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  writeFileSync(path(service), `${String(child.pid)}\n`);
  return child;
}

describe("the lock of a service", () => {
  it("is free on a new host, and names its holder", async () => {
    const first = locks(["staf", "stac"]);
    expect(await first.take(0)).toBeUndefined();
    expect(readFileSync(path("staf"), "utf8")).toBe(`${String(process.pid)}\n`);
    expect(await locks(["stac"]).take(0)).toEqual({ holds: "lock", what: path("stac"), pid: process.pid });
    first.release();
    expect(await locks(["stac"]).take(0)).toBeUndefined();
    expect(log).toEqual([]);
  });

  it("is refused beside another process, which keeps it; none of the others is kept", async () => {
    const { pid } = await holder("stac");
    const rival = { holds: "lock", what: path("stac"), pid };
    expect(await locks(["staf", "stac"]).take(0)).toEqual(rival);
    expect(await locks(["staf"]).take(0)).toBeUndefined();
    expect(lockHolders({ libc: realLibc, runDir: root, services: ["stac"] })).toEqual([rival]);
  });

  it("is taken as soon as a killed process is gone", async () => {
    const child = await holder("staf");
    const taken = locks(["staf"]).take(WHILE_KILLED_MS);
    child.kill("SIGKILL");
    expect(await taken).toBeUndefined();
  });

  it("works without koffi, through the command flock", async () => {
    const first = locks(["staf"], undefined);
    expect(await first.take(0)).toBeUndefined();
    expect((await locks(["staf"], undefined).take(0))?.pid).toBe(process.pid);
    expect((await locks(["staf"]).take(0))?.pid).toBe(process.pid);
    first.release();
    expect(await locks(["staf"], undefined).take(0)).toBeUndefined();
  });

  it("that cannot be made is logged, and does not stop the start", async () => {
    writeFileSync(join(root, "stas"), "a file where a folder should be");
    expect(await locks(["staf"]).take(0)).toBeUndefined();
    expect(log.map(({ text }) => text).join()).toMatch(/staf\.lock cannot be opened \(E[A-Z]+\), so this daemon/);
  });

  it("is looked at without a trace", () => {
    expect(lockHolders({ libc: realLibc, runDir: root, services: ["staf", "stac"] })).toEqual([]);
    expect(existsSync(join(root, "stas"))).toBe(false);
  });
});

describe("the sentence about another daemon", () => {
  it("says how to end a service of nvme-stas", async () => {
    const script = join(root, "stafd");
    writeFileSync(script, "echo up; read x\n");
    const child = spawn("sh", [script], { stdio: ["pipe", "pipe", "ignore"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(rivalText({ holds: "name", what: "org.nvmexpress.staf", pid: child.pid })).toBe(
      `stafd of nvme-stas (pid ${String(child.pid)}) owns org.nvmexpress.staf on D-Bus. It does the same work. ` +
        "End it for good with: systemctl disable --now stafd stacd",
    );
  });
});
