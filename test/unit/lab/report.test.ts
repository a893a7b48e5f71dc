import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Seconds } from "../../../src/core/domain/units.js";
import { failureOf } from "../../lab/guest/runner.js";
import { Expect } from "../../lab/guest/expect.js";
import { type GuestPlan, type GuestReport, Hearing } from "../../lab/host/hearing.js";
import type { GuestEnd } from "../../lab/host/qemu.js";
import type { Message } from "../../lab/protocol.js";
import { summarize } from "../../lab/report.js";

const folder = mkdtempSync(join(tmpdir(), "stas-lab-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PLAN: GuestPlan = {
  kernel: "6.12",
  name: "rig",
  job: { checks: ["one", "two"], files: [], settings: {} },
  memoryMib: 1024,
  cpus: 1,
  clock: "virtual",
  limit: Seconds(60),
};

const OFF: GuestEnd = { kind: "powered-off" };
const UP: Message = { kind: "up", release: "6.12.1-lab", seconds: 4 };

function check(name: string, passed = true): Message {
  return {
    kind: "check",
    name,
    passed,
    assertions: 2,
    seconds: 1,
    ...(passed ? {} : { reason: "why", evidence: ["log"] }),
  };
}

/** The report of a guest that sends these messages and ends like this. */
function heard(messages: readonly (Message | string)[], end: GuestEnd = OFF): GuestReport {
  const console_ = join(folder, "console.log");
  writeFileSync(console_, "the last line\r\n");
  const hearing = new Hearing(PLAN, () => undefined);
  for (const message of messages) hearing.line(typeof message === "string" ? message : JSON.stringify(message));
  return hearing.report(end, console_, 1);
}

describe("a run of the lab", () => {
  test("passes if every requested check passed", () => {
    const { text, passed } = summarize(["6.12"], [heard([UP, check("one"), check("two"), { kind: "end" }])]);
    expect(passed).toBe(true);
    expect(text).toContain("Linux 6.12 (6.12.1-lab)");
    expect(text.endsWith("  2 passed, 0 failed, 4 assertions")).toBe(true);
  });

  test.each<[string, GuestReport, string]>([
    ["a check failed", heard([UP, check("one"), check("two", false), { kind: "end" }]), "FAILED rig: two"],
    ["a check was not run", heard([UP, check("one"), { kind: "end" }]), "not run: two"],
    ["the guest died after its last check", heard([UP, check("one"), check("two")]), "ended before its last record"],
    ["the guest ran too long", heard([UP], { kind: "killed", after: Seconds(60) }), "more than 60 s"],
    ["qemu did not start", heard([], { kind: "failed", reason: "no qemu" }), "no qemu"],
    [
      "a record was damaged",
      heard([UP, '{"kind":"check","na', check("one"), check("two"), { kind: "end" }]),
      "damaged records: 1",
    ],
  ])("fails if %s", (_, report, reason) => {
    const { text, passed } = summarize(["6.12"], [report]);
    expect(passed).toBe(false);
    expect(text).toContain(reason);
    expect(text).toMatch(/, [1-9]\d* failed, /);
  });

  test("fails if nothing ran, on one kernel or on all", () => {
    expect(summarize([], []).passed).toBe(false);
    expect(summarize(["6.12"], []).passed).toBe(false);
    const whole = heard([UP, check("one"), check("two"), { kind: "end" }]);
    expect(summarize(["6.1", "6.12"], [whole]).passed).toBe(false);
  });
});

describe("a check", () => {
  test("fails with the reason of the first assertion that does not hold, which counts as well", async () => {
    const expectation = new Expect();
    const reason = await failureOf(async () => {
      expectation.equal("one", 1, 1);
      expectation.equal("two", { a: 1 }, { a: 2 });
      expectation.that(true, "not reached");
    }, Seconds(5));
    expect(reason).toMatch(/^two: expected \{ a: 2 \}, got \{ a: 1 \}/);
    expect(expectation.count).toBe(2);
  });

  test("fails if it does not end", async () => {
    expect(await failureOf(() => new Promise(() => undefined), Seconds(0))).toBe("it did not end within 0 s");
  });
});
