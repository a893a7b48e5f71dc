import { describe, expect, test, vi } from "vitest";
import { formatRecord, RealLog } from "../../../src/adapters/real/log.js";

const written = vi.hoisted((): string[] => []);

vi.mock("node:fs", async (load) => ({
  ...(await load<object>()),
  writeSync: (_fd: number, text: string): number => written.push(text),
}));

const AT = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));

describe("a log line", () => {
  test("has a priority for the journal", () => {
    const levels = ["debug", "info", "notice", "warning", "error"] as const;
    const lines = levels.map((level) => formatRecord({ level, text: "x" }, "journal", AT));
    expect(lines).toEqual(["<7>x\n", "<6>x\n", "<5>x\n", "<4>x\n", "<3>x\n"]);
  });

  test("has a time and a level elsewhere", () => {
    const record = { level: "notice", text: "connected as nvme3", controller: "tcp 10.0.0.1:4420 nqn.x" } as const;
    expect(formatRecord(record, "file", AT)).toBe(
      "2026-01-02T03:04:05.678Z notice  tcp 10.0.0.1:4420 nqn.x: connected as nvme3\n",
    );
    expect(formatRecord(record, "terminal", AT)).toContain("03:04:05.678");
  });

  test("cannot be forged by a peer's text", () => {
    const line = formatRecord({ level: "info", text: "name a\n<0>kernel: b\x1b[2J\u2028" }, "journal", AT);
    expect(line).toBe("<6>name a\\x0a<0>kernel: b\\x1b[2J\\u2028\n");
  });

  test("has a length limit", () => {
    expect(formatRecord({ level: "info", text: "x".repeat(100_000) }, "journal", AT).length).toBeLessThan(5_000);
  });
});

describe("the log", () => {
  test("writes debug records while the configuration asks for them, or if the command line does", () => {
    const says = (log: RealLog, text: string): boolean => {
      log.write({ level: "debug", text });
      return written.join("").includes(text);
    };
    const usual = new RealLog({ style: "file", threshold: "info" });
    expect(says(usual, "before")).toBe(false);
    usual.setDebug(true);
    expect(says(usual, "tron")).toBe(true);
    usual.setDebug(false);
    expect(says(usual, "after")).toBe(false);
    const tron = new RealLog({ style: "file", threshold: "debug" });
    tron.setDebug(false);
    expect(says(tron, "command line")).toBe(true);
  });
});
