import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { CoreEvent } from "../../../src/core/ports/index.js";
import type { BusCallId } from "../../../src/core/ports/bus.js";
import { firstDifference, formatDifference } from "../../../src/harness/run/difference.js";
import { eventText } from "../../../src/harness/trace/event-text.js";
import { bytesText, quoteLong } from "../../../src/harness/trace/text.js";
import { LAST_LINES, Trace } from "../../../src/harness/trace/trace.js";
import { runScenario } from "../../../src/harness/run/run-scenario.js";
import { request, scenario, smallWorld } from "./scripted.js";

const at = (time: number) => (): Milliseconds => Milliseconds(time);

describe("the trace", () => {
  test("hashes exactly the lines it keeps, regardless of the chunks", () => {
    const trace = new Trace({ now: at(7), keep: true });
    for (let i = 0; i < 2000; i++)
      trace.record("stas", `"call":"clock.arm","timer":"t${String(i)} ü","delay":${String(i)}`);
    const file = trace
      .lines()
      .map((line) => `${line}\n`)
      .join("");
    expect(trace.digest()).toBe(createHash("sha256").update(file, "utf8").digest("hex"));
    expect(trace.count).toBe(2000);
  });

  test("numbers records and gives them their time and source", () => {
    let now = 0;
    const trace = new Trace({ now: () => Milliseconds(now), keep: true });
    trace.record("scenario", `"step":"a"`);
    now = 1500;
    trace.record("stac", `"event":"uevent-overflow"`);
    expect(trace.lines()).toEqual([
      `{"n":1,"t":0,"p":"scenario","step":"a"}`,
      `{"n":2,"t":1500,"p":"stac","event":"uevent-overflow"}`,
    ]);
  });

  test("keeps the last lines even if it keeps no others", () => {
    const trace = new Trace({ now: at(0) });
    for (let i = 1; i <= LAST_LINES + 3; i++) trace.record("world", `"i":${String(i)}`);
    expect(trace.lines()).toEqual([]);
    expect(trace.lastLines()).toHaveLength(LAST_LINES);
    expect(trace.lastLines()[0]).toContain(`"i":4}`);
  });

  test("reports a line that holds a secret, with the secret masked", () => {
    const leaks: string[] = [];
    const trace = new Trace({ now: at(0), secrets: ["hush-hush"], onSecret: (line) => leaks.push(line) });
    trace.record("stas", `"call":"log.write","text":"all fine"`);
    trace.record("stas", `"call":"log.write","text":"key hush-hush"`);
    expect(leaks).toEqual([`{"n":2,"t":0,"p":"stas","call":"log.write","text":"key <secret>"}`]);
  });

  test("of a real run is JSON, each line with its number, time, process and one of four subjects", () => {
    const { trace } = runScenario(scenario(smallWorld()), { once: true, keepTrace: true });
    expect(trace.length).toBeGreaterThan(50);
    for (const [index, line] of trace.entries()) {
      const record: unknown = JSON.parse(line);
      expect(record).toMatchObject({ n: index + 1 });
      expect(Object.keys(record as object).slice(0, 3)).toEqual(["n", "t", "p"]);
      expect(["event", "call", "seen", "step"]).toContain(Object.keys(record as object)[3]);
    }
  });
});

describe("trace text", () => {
  test("shows bytes that are text as text", () => {
    expect(bytesText(Buffer.from("add@/devices\0ACTION=add\0"))).toBe(`"add@/devices|ACTION=add|"`);
    expect(bytesText(Buffer.from('say "a|b"\n\0'))).toBe(String.raw`"say \"a\u007cb\"\n\u0000"`);
    expect(bytesText(Buffer.from("a|b"))).toBe(String.raw`"a\u007cb"`);
  });

  test("shows few other bytes in hex, and many by their digest", () => {
    expect(bytesText(Uint8Array.of(0xff, 1))).toBe(`{"hex":"ff01"}`);
    const many = Buffer.alloc(1024, 0xff);
    const digest = createHash("sha256").update(many).digest("hex");
    expect(bytesText(many)).toBe(`{"length":1024,"sha256":"${digest}"}`);
  });

  test("distinguishes two long texts that begin alike", () => {
    const long = "x".repeat(10_000);
    expect(quoteLong(`${long}a`)).not.toBe(quoteLong(`${long}b`));
    expect(quoteLong(`${long}a`).length).toBeLessThan(500);
  });

  test("does not depend on the order of a dictionary's keys on the bus", () => {
    const call = (args: Extract<CoreEvent, { kind: "bus-call" }>["args"]): CoreEvent => ({
      kind: "bus-call",
      call: 1 as BusCallId,
      service: "staf",
      method: "m",
      args,
      sender: ":1.1",
      uid: 0,
    });
    expect(eventText(call([{ b: "1", a: "2" }]))).toBe(eventText(call([{ a: "2", b: "1" }])));
  });

  test("differs between an errno and a success", () => {
    const failed = eventText({ kind: "deleted", request: request(1), result: { ok: false, errno: 19 } });
    expect(failed).toBe(`"event":"deleted","request":1,"result":{"errno":19}`);
    expect(eventText({ kind: "deleted", request: request(1), result: { ok: true } })).not.toBe(failed);
  });
});

describe("the first difference", () => {
  const lines = (n: number): string[] => Array.from({ length: n }, (_, i) => `line ${String(i + 1)}`);

  test("does not exist between equal traces", () => {
    expect(firstDifference(lines(30), lines(30))).toBeUndefined();
  });

  test("shows both sides and ten lines around it", () => {
    const other = lines(30).with(19, "other");
    const difference = firstDifference(lines(30), other);
    expect(difference).toMatchObject({ record: 20, first: "line 20", second: "other" });
    expect(difference?.before).toHaveLength(10);
    expect(difference?.behindFirst).toHaveLength(10);
    if (difference !== undefined) expect(formatDifference(difference)).toContain("2 other");
  });

  test("sees that one trace is longer", () => {
    expect(firstDifference(lines(3), lines(4))).toMatchObject({ record: 4, first: "", second: "line 4" });
  });
});
