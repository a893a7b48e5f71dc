import childProcess from "node:child_process";
import crypto from "node:crypto";
import dgram from "node:dgram";
import dns from "node:dns";
import fs, { readFileSync } from "node:fs";
import fsPromises from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import timers, { setTimeout as importedTimeout } from "node:timers";
import { afterEach, describe, expect, test } from "vitest";
import { installTripwire, setArmed, TripwireError } from "../../../src/harness/tripwire.js";
import { named, run, scripted, smallWorld } from "./scripted.js";

let remove: (() => void) | undefined;

afterEach(() => {
  setArmed(false);
  remove?.();
  remove = undefined;
});

/** Runs armed and returns what was reached; an empty string if nothing tripped. */
function reached(run: () => unknown): string {
  const uninstall = installTripwire();
  const before = setArmed(true);
  let answer = "";
  try {
    run();
  } catch (error) {
    if (!(error instanceof TripwireError)) throw error;
    answer = error.reached;
  } finally {
    setArmed(before);
    uninstall();
  }
  return answer;
}

const AMBIENT: readonly (readonly [string, () => unknown])[] = [
  ["Date.now", () => Date.now()],
  ["new Date", () => new Date()],
  ["new Date", () => Date()],
  ["Math.random", () => Math.random()],
  ["performance.now", () => performance.now()],
  ["process.hrtime", () => process.hrtime()],
  ["process.hrtime.bigint", () => process.hrtime.bigint()],
  ["setTimeout", () => setTimeout(() => undefined, 1)],
  ["setInterval", () => setInterval(() => undefined, 1)],
  ["setImmediate", () => setImmediate(() => undefined)],
  ["queueMicrotask", () => queueMicrotask(() => undefined)],
  ["process.nextTick", () => process.nextTick(() => undefined)],
  ["setTimeout", () => timers.setTimeout(() => undefined, 1)],
  ["crypto.randomBytes", () => crypto.randomBytes(4)],
  ["crypto.randomUUID", () => globalThis.crypto.randomUUID()],
  ["fs.readFileSync", () => fs.readFileSync("/etc/hostname")],
  ["fs.promises", () => fsPromises.readFile("/etc/hostname")],
  ["fs.writeFileSync", () => fs.writeFileSync("/nowhere/at/all", "")],
  ["net.connect", () => net.connect(1)],
  ["net.Socket.connect", () => new net.Socket().connect(1)],
  ["dgram.createSocket", () => dgram.createSocket("udp4")],
  ["dns.lookup", () => dns.lookup("localhost", () => undefined)],
  ["os.hostname", () => os.hostname()],
  ["child_process.spawnSync", () => childProcess.spawnSync("true")],
];

describe("the tripwire", () => {
  test.each(AMBIENT)("trips on %s", (name, use) => {
    const expected = name === "fs.promises" ? "fs/promises.readFile" : name;
    expect(reached(use)).toBe(expected);
  });

  test("trips on functions that were imported by name", () => {
    expect(reached(() => readFileSync("/etc/hostname"))).toBe("fs.readFileSync");
    expect(reached(() => importedTimeout(() => undefined, 1))).toBe("setTimeout");
  });

  test("lets everything pass while it is not armed", () => {
    remove = installTripwire();
    expect(Date.now()).toBeGreaterThan(0);
    expect(new Date(0).getTime()).toBe(0);
    expect(new Date() instanceof Date).toBe(true);
    expect(fs.existsSync("/")).toBe(true);
  });

  test("is gone once it is removed, and only then", () => {
    const originals = [Date, Date.now, Math.random, setTimeout, fs.readFileSync, process.nextTick];
    const first = installTripwire();
    const second = installTripwire();
    expect(fs.readFileSync).not.toBe(originals[4]);
    first();
    first();
    expect(fs.readFileSync).not.toBe(originals[4]);
    second();
    expect([Date, Date.now, Math.random, setTimeout, fs.readFileSync, process.nextTick]).toEqual(originals);
    expect(readFileSync).toBe(originals[4]);
  });
});

describe("a run", () => {
  const startOnly = (use: () => void) =>
    scripted((event) => {
      if (event.kind === "control") use();
    });

  test("fails if the core reaches the ambient clock, and names it", () => {
    const result = run(
      smallWorld(),
      startOnly(() => void Date.now()),
    );
    expect(result.verdict).toBe("fail");
    expect(named(result, "no-ambient-input")[0]?.observed).toContain("Date.now");
  });

  test("lets the world use what the core may not, from within a port call of the core", () => {
    const machinery = scripted((event, ports) => {
      if (event.kind !== "control") return;
      ports.store.read("/etc/stas/stafd.conf");
      ports.clock.wallTime();
    });
    expect(run(smallWorld(), machinery).verdict).toBe("pass");
  });

  test("is armed again after a port call", () => {
    const machinery = scripted((event, ports) => {
      if (event.kind !== "control") return;
      ports.clock.now();
      Math.random();
    });
    expect(named(run(smallWorld(), machinery), "no-ambient-input")).toHaveLength(1);
  });
});
