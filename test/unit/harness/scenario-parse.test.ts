import { describe, expect, it } from "vitest";
import {
  parseDuration,
  parseRange,
  parseSignedDuration,
  spellDuration,
} from "../../../src/harness/scenario/duration.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { EXAMPLES, good, WORLD } from "./scenario-helpers.js";

describe("durations", () => {
  it.each([
    ["0s", 0],
    ["250ms", 250],
    ["2.9s", 2_900],
    ["1.001s", 1_001],
    ["10m", 600_000],
    ["72h", 259_200_000],
    ["1d", 86_400_000],
    ["0.5h", 1_800_000],
  ])("reads %s", (text, value) => {
    expect(parseDuration(text)).toBe(value);
  });

  it.each(["5", "s", "1.5ms", "-1s", "1 s", "1e3s", "4000d", "1s2", "", "1.0000001s"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it("reads signs and ranges", () => {
    expect(parseSignedDuration("+1h")).toBe(3_600_000);
    expect(parseSignedDuration("-90s")).toBe(-90_000);
    expect(parseSignedDuration("90s")).toBeUndefined();
    expect(parseRange("30s..10m")).toEqual({ from: 30_000, to: 600_000 });
    expect(parseRange("5s..5s")).toEqual({ from: 5_000, to: 5_000 });
    expect(parseRange("10m..30s")).toBeUndefined();
  });

  it("spells a duration in the unit that reads best", () => {
    expect([0, 250, 2_900, 60_000, 90_000, 259_200_000].map((value) => spellDuration(Milliseconds(value)))).toEqual([
      "0s",
      "250ms",
      "2.9s",
      "1m",
      "90s",
      "3d",
    ]);
  });
});

describe("a minimal scenario", () => {
  const scenario = good("format: 1\ntitle: nothing\n");

  it("has a whole world", () => {
    expect(scenario.world).toEqual({
      seed: 1,
      host: {
        kernel: { version: "6.12", controllers: [], ueventBuffer: 5_000, attributesAfter: 0, jitter: 0 },
        nqn: "nqn.2014-08.org.nvmexpress:uuid:8f2a6c1e-0b57-4d3c-9a41-5e7d90c2b618",
        id: "8f2a6c1e-0b57-4d3c-9a41-5e7d90c2b618",
        name: "host1",
        processes: "one",
        nvmeCli: "absent",
        interfaces: [{ name: "eth0", mac: "02:00:00:00:00:01", addresses: ["192.168.1.10/24"] }],
        files: {},
        binaryFiles: {},
      },
      network: { links: [], routes: [], names: {}, responders: [], avahi: "up" },
      fabric: { discoveryControllers: [], subsystems: [] },
    });
  });

  it("starts the daemon and ends after a minute", () => {
    expect(scenario).toMatchObject({ seed: 1, autostart: true, timeline: [], expectations: [], until: 60_000 });
  });
});

describe("the documentation's full example", () => {
  const scenario = good(EXAMPLES[1] ?? "");

  it("has its time line", () => {
    expect(scenario.timeline).toEqual([
      { when: { kind: "at", at: 0 }, after: 0, action: { kind: "start", process: "both" } },
      { id: "gone", when: { kind: "at", at: 60_000 }, after: 0, action: { kind: "remove-device", target: "dc1" } },
      {
        when: { kind: "call", call: "get_all_log_pages", phase: "before-reply", nth: 1 },
        after: 0,
        action: { kind: "stop", process: "staf" },
      },
      {
        id: "cut",
        when: { kind: "step", step: "gone" },
        after: 10_000,
        action: { kind: "link", hostIface: "eth0", state: "silent" },
      },
      {
        when: { kind: "uevent", action: "change", event: "rediscover", nth: 2 },
        after: 0,
        action: { kind: "unlist", dc: "dc1", entries: ["vol2"] },
      },
    ]);
  });

  it("has its expectations, with windows that close at the end of the run", () => {
    expect(scenario.expectations).toEqual([
      {
        kind: "connected",
        at: 30_000,
        connected: [{ id: "dc1" }, { id: "vol1", hostIface: "eth0" }, { id: "nvme7" }],
        exactly: true,
      },
      { kind: "throughout", during: { from: 30_000, to: 600_000 }, connected: [{ id: "vol1" }] },
      {
        kind: "within",
        within: { from: 2_900, to: 4_000 },
        of: "gone",
        becomes: "connected",
        controllers: [{ id: "dc1" }],
      },
      {
        kind: "never",
        what: "connect",
        controllers: [{ id: "dc1" }],
        while: { kind: "link", hostIface: "eth0", state: "silent" },
        window: { from: 60_000, to: 900_000 },
      },
      {
        kind: "count",
        counted: { kind: "connects", controller: { id: "vol1" } },
        bound: { kind: "is", count: 1 },
        window: { from: 0, to: 900_000 },
      },
      {
        kind: "log",
        level: "error",
        matches: "vol[12]",
        bound: { kind: "is", count: 0 },
        window: { from: 0, to: 300_000 },
      },
      { kind: "paths", during: { from: 30_000, to: 600_000 }, paths: { vol1: { kind: "at-least", count: 1 } } },
      {
        kind: "connect-string",
        to: { id: "vol1" },
        has: ["host_iface=eth0"],
        lacks: ["tls", "host_traddr"],
        window: { from: 0, to: 900_000 },
      },
      { kind: "explain", at: 540_000, controller: { id: "vol1" }, service: "stac", matches: "why: connected" },
      { kind: "state", at: 540_000, controller: { id: "vol1" }, service: "stac", state: "connected" },
    ]);
  });

  it("knows the line of each step and expectation", () => {
    const lines = (EXAMPLES[1] ?? "").split("\n");
    expect(scenario.stepLines.map((line) => lines[line - 1]?.trim().slice(0, 7))).toEqual([
      "- { at:",
      "- { id:",
      "- { whe",
      "- { id:",
      "- { whe",
    ]);
    expect(lines[(scenario.expectationLines[3] ?? 0) - 1]).toContain("never: { connect: dc1");
  });

  it("has its fabric and host", () => {
    expect(scenario.world.host.kernel.controllers).toEqual([
      { kind: "connected", madeBy: "nvme-cli", to: "dc1", state: "connecting", hostIface: "eth0" },
      {
        kind: "sysfs",
        madeBy: "bios",
        name: "nvme7",
        attributes: { state: "live\n", transport: "pcie\n", cntrltype: "io\n" },
      },
    ]);
    expect(scenario.world.host.interfaces[1]).toEqual({
      name: "eth1",
      mac: "02:00:00:00:00:02",
      addresses: ["10.0.0.1/8"],
    });
    expect(scenario.world.network.names).toEqual({
      "array.example": { kind: "addresses", addresses: ["192.168.1.20", "192.168.1.21"], rotate: false, after: 0 },
      "slow.example": { kind: "addresses", addresses: ["192.168.1.20"], rotate: true, after: 2_000 },
      "bad.example": { kind: "fails", after: 0 },
      "late.example": { kind: "fails", after: 5_000 },
      "quiet.example": { kind: "silent" },
    });
    const [dc1, dc2] = scenario.world.fabric.discoveryControllers;
    expect(dc1).toMatchObject({
      listen: [{ transport: "tcp", traddr: "192.168.1.20", trsvcid: "8009", state: "up" }],
      entries: [
        { kind: "subsystem", id: "vol1", ncc: false },
        { kind: "subsystem", id: "vol2", ncc: true, listen: 1 },
        { kind: "referral", id: "dc2" },
        { kind: "raw", fields: { trtype: 254, traddr: "" } },
      ],
      answers: [
        { lid: 0, status: 0x6002 },
        { opcode: 0x21, after: 5_000, times: 2 },
      ],
    });
    expect(dc2?.listen).toEqual([{ transport: "tcp", traddr: "fe80::2", trsvcid: "8009", state: "up" }]);
  });
});

describe("the end of a run", () => {
  it("is a minute after the last time mentioned", () => {
    expect(good(`${WORLD}timeline:\n  - { at: 5m, start: staf }\n`).until).toBe(360_000);
    expect(good(`${WORLD}expect:\n  - { settled: 7m }\n`).until).toBe(480_000);
  });

  it("follows a span after a step whose time is known through other steps", () => {
    const text = `${WORLD}timeline:
  - { id: a, at: 1m, stop: staf }
  - { id: b, when: { step: a }, after: 2m, start: staf }
expect:
  - { within: 0s..3m, of: b, connected: dc1 }
`;
    expect(good(text).until).toBe(7 * 60_000);
  });
});

describe("an interface that a step adds", () => {
  it("can be referred to, and has the MAC address that the file gives it", () => {
    const text = `${WORLD}timeline:
  - { at: 1s, interface: { name: eth0, addresses: [] } }
  - { at: 2s, interface: { name: eth9, mac: "02:00:00:00:00:99", addresses: [10.0.0.1/8] } }
  - { at: 3s, link: { interface: eth9, state: down } }
`;
    expect(good(text).timeline.map(({ action }) => action)).toEqual([
      { kind: "interface", name: "eth0", mac: "02:00:00:00:00:01", addresses: [] },
      { kind: "interface", name: "eth9", mac: "02:00:00:00:00:99", addresses: ["10.0.0.1/8"] },
      { kind: "link", hostIface: "eth9", state: "down" },
    ]);
  });
});

describe("anchors", () => {
  it("stand for the record they name", () => {
    const text = `${WORLD}timeline:\n  - { at: 1s, name: { name: a, answer: &a [10.0.0.1] } }\n  - { at: 2s, name: { name: b, answer: *a } }\n`;
    const [first, second] = good(text).timeline;
    expect(second?.action).toEqual({ ...first?.action, name: "b" });
  });
});
