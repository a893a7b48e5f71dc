import { describe, expect, test } from "vitest";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { jsonReport } from "../../../src/harness/report/json.js";
import { runScenario, stopAt } from "../../../src/harness/run/run-scenario.js";
import type { Verdict } from "../../../src/harness/result.js";
import { MACHINERY } from "../../../src/harness/run/machinery.js";
import { DC1, named, request, run, scenario, scripted, smallWorld, VOL1, type Script } from "./scripted.js";

/** Runs the real core once in the small world. */
function real(more: string) {
  return runScenario(scenario(smallWorld(more)), { once: true });
}

function judged(more: string): { readonly verdict: Verdict; readonly observed: string } {
  const { verdict, failures } = real(more);
  return { verdict, observed: failures.map((failure) => failure.observed).join("; ") };
}

/** Connects once, at this time (in ms), and retries nothing. */
function connects(options: string, at: number): Script {
  return (event, ports) => {
    if (event.kind === "control" && event.action === "start") ports.clock.arm("go", Milliseconds(at));
    if (event.kind === "timer") ports.fabrics.connect(request(1), options);
  };
}

describe("expectations of the real core", () => {
  test.each([
    ["connected", "expect: [{ at: 50s, connected: [dc1, vol1], exactly: true }]"],
    ["disconnected", "expect: [{ at: 0s, disconnected: [vol1] }]"],
    ["throughout", "expect: [{ throughout: 30s..60s, connected: [dc1, vol1] }]"],
    [
      "throughout, across a reset by the kernel",
      "timeline: [{ at: 40s, reset-device: vol1 }]\nexpect: [{ throughout: 30s..60s, connected: [vol1] }]",
    ],
    [
      "within",
      "timeline: [{ id: gone, at: 30s, remove-device: dc1 }]\nexpect: [{ within: 2.9s..4s, of: gone, connected: [dc1] }]",
    ],
    ["never", "expect: [{ never: { disconnect: [vol1] } }]"],
    ["count", "expect: [{ count: { connects: vol1 }, is: 1 }, { count: { crashes: both }, is: 0 }]"],
    ["count of log reads", "expect: [{ count: { log-reads: dc1 }, is: 1 }]"],
    ["count of probes", "expect: [{ count: { probes: dc1 }, at-least: 1 }]"],
    ["log", "expect: [{ log: { level: error }, is: 0 }]"],
    ["state", "expect: [{ at: 50s, state: { controller: vol1, service: stac, state: connected } }]"],
    ["process", "expect: [{ at: 50s, process: { name: stac, running: true } }]"],
    ["settled", "expect: [{ settled: 50s }]"],
    ["paths at a time", "expect: [{ at: 50s, paths: { vol1: 1 } }]"],
    ["paths all the time", "expect: [{ throughout: 30s..60s, paths: { vol1: { at-least: 1 } } }]"],
    ["connect string", "expect: [{ connect-string: { to: dc1, has: [trsvcid=8009, hostid], lacks: [tls, kato=1] } }]"],
    ["explain", 'expect: [{ at: 50s, explain: { controller: vol1, service: stac, matches: "is live on nvme1" } }]'],
    ["explain, of everything", 'expect: [{ at: 50s, explain: { matches: "pending\\n  nothing$" } }]'],
    [
      "never, while something holds for a moment",
      "timeline: [{ at: 40s, link: { interface: eth0, state: down } }, { at: 40s, link: { interface: eth0, state: up } }]\n" +
        "expect: [{ never: { disconnect: [vol1], while: { link: { interface: eth0, state: down } } } }]",
    ],
  ])("%s holds", (_kind, more) => {
    expect(judged(more)).toEqual({ verdict: "pass", observed: "" });
  });

  test.each([
    ["connected too early", "expect: [{ at: 0s, connected: [vol1] }]", "vol1: no controller"],
    ["not exactly", "expect: [{ at: 50s, connected: [dc1], exactly: true }]", "also there: nvme1 to vol1"],
    ["still there", "expect: [{ at: 50s, disconnected: [vol1] }]", "vol1: nvme1 live"],
    [
      "not throughout",
      "timeline: [{ at: 40s, remove-device: vol1 }]\nexpect: [{ throughout: 30s..60s, connected: [vol1] }]",
      "nvme1 to vol1: ",
    ],
    [
      "too early",
      "timeline: [{ id: gone, at: 30s, remove-device: dc1 }]\nexpect: [{ within: 10s..20s, of: gone, connected: [dc1] }]",
      "too early: after 3.",
    ],
    [
      "too late",
      "timeline: [{ id: gone, at: 30s, remove-device: dc1 }]\nexpect: [{ within: 0s..1s, of: gone, connected: [dc1] }]",
      "too late: after 3.",
    ],
    [
      "within, of a state that held already",
      "timeline: [{ id: nothing, at: 30s, disk: ok }]\nexpect: [{ within: 0s..1s, of: nothing, connected: [dc1] }]",
      "connected all along",
    ],
    ["never", "expect: [{ never: { connect: [vol1] } }]", "a connect at "],
    ["count", "expect: [{ count: { connects: vol1 }, is: 0 }]", "1"],
    ["log", "expect: [{ log: {}, is: 0 }]", ""],
    [
      "state",
      "expect: [{ at: 50s, state: { controller: vol1, service: stac, state: absent } }]",
      "stac has it connected",
    ],
    ["process", "expect: [{ at: 50s, process: { name: stac, running: false } }]", "it runs"],
    [
      "process, by its status",
      "timeline: [{ at: 40s, stop: stac }]\nexpect: [{ at: 50s, process: { name: stac, status: 3 } }]",
      "exit status 0",
    ],
    [
      "process that was killed, by its status",
      "timeline: [{ at: 40s, kill: stac }]\nexpect: [{ at: 50s, process: { name: stac, status: 0 } }]",
      "it did not exit by itself",
    ],
    ["file", "expect: [{ at: 50s, file: { path: /run/none } }]", "the file does not exist"],
    ["no file", "expect: [{ at: 50s, file: { path: /etc/stas/stafd.conf, exists: false } }]", "the file exists"],
    [
      "file, by its text",
      "expect: [{ at: 50s, file: { path: /etc/stas/stafd.conf, contains: exclude } }]",
      "the file does not contain it",
    ],
    ["paths", "expect: [{ at: 50s, paths: { vol1: { at-least: 2 } } }]", "vol1 has 1 at 50 s: nvme1 live"],
    [
      "paths for a moment",
      "timeline: [{ at: 40s, reset-device: vol1 }]\nexpect: [{ throughout: 30s..60s, paths: { vol1: 1 } }]",
      "vol1 has 0 at 40 s: nvme1 resetting",
    ],
    ["connect string, of what it has", "expect: [{ connect-string: { to: vol1, has: tos } }]", "no tos at "],
    ["connect string, of what it lacks", "expect: [{ connect-string: { to: vol1, lacks: hostid } }]", "hostid at "],
    [
      "connect string that nobody wrote",
      "expect: [{ connect-string: { to: vol1, has: nqn }, from: 30s }]",
      "no daemon wrote one",
    ],
    [
      "explain, of the other service",
      'expect: [{ at: 50s, explain: { controller: vol1, service: staf, matches: "live" } }]',
      "nothing",
    ],
    ["not live at the start", "expect: [{ throughout: 0s..60s, connected: [vol1] }]", "vol1 is not connected at 0 s"],
    [
      "not live at the end",
      "timeline: [{ at: 39s, listener: { id: vol1, state: silent } }, { at: 40s, reset-device: vol1 }]\nexpect: [{ throughout: 30s..60s, connected: [vol1] }]",
      "nvme1 to vol1 is connecting at 60 s",
    ],
    [
      "not within",
      "timeline: [{ id: cut, at: 30s, disk: ok }]\nexpect: [{ within: 0s..1s, of: cut, disconnected: [dc1] }]",
      "not disconnected by the end",
    ],
  ])("%s fails", (_kind, more, observed) => {
    const result = judged(more);
    expect(result.verdict).toBe("fail");
    expect(result.observed).toContain(observed);
  });

  const RESTART = "timeline: [{ at: 40s, kill: both }, { at: 41s, start: both }]";
  test.each([
    ["at the start", "", "0s", "0s", 1, 0],
    ["after a soak", "", "1ms", "60s", 2, 2],
    ["at a reload", "timeline: [{ at: 40s, reload: both }]", "40s", "40s", 1, 1],
    ["at the restart of a killed process", RESTART, "41s", "41s", 1, 0],
    ["of a process and its restart", RESTART, "0s", "60s", 5, 3],
  ])("reconciles %s are counted", (_which, timeline, from, to, staf, stac) => {
    const count = (service: string, is: number): string =>
      `{ count: { reconciles: ${service} }, is: ${is}, from: ${from}, to: ${to} }`;
    const { failures } = real(`${timeline}\nexpect: [${count("staf", staf)}, ${count("stac", stac)}]`);
    expect(failures).toEqual([]);
  });

  test("a reconcile of a core that throws in the same event is counted", () => {
    let done = 0;
    const script: Script = (event) => {
      if (event.kind !== "control") return;
      done += 1;
      throw new RangeError("broken");
    };
    const machinery = scripted(script, { reconciles: () => ({ staf: done, stac: 0 }) });
    const counted = run(smallWorld("expect: [{ count: { reconciles: staf }, is: 1 }]"), machinery);
    expect(counted.failures.map(({ name }) => name)).toEqual(["no-crash"]);
  });

  test("a run that did not settle is inconclusive, and names what is pending and the event that could have met it", () => {
    const { verdict, failures } = real(
      "timeline: [{ at: 40s, listener: { id: dc1, state: silent } }, { at: 40s, remove-device: dc1 }]\nexpect: [{ settled: 55s }]",
    );
    expect(verdict).toBe("inconclusive");
    expect(failures[0]?.observed).toMatch(/^still pending: tcp 192\.168\.1\.20:8009 /);
    expect(failures[0]?.hints[0]).toMatch(/^last event about it, at /);
  });

  test.each([
    ["remove-file", "remove-file: /run/none", "none on /run/none: "],
    ["remove-device", "remove-device: nvme7", "none on nvme7: "],
    ["start of what runs", "start: both", "none on stas: "],
  ])("a step without effect is inconclusive: %s", (_kind, action, observed) => {
    const { verdict, failures } = real(`timeline: [{ id: idle, at: 40s, ${action} }]`);
    expect(verdict).toBe("inconclusive");
    expect(failures.map(({ expected }) => expected)).toEqual(["the step idle has an effect"]);
    expect(failures[0]?.observed).toContain(observed);
  });

  test("a step has an effect if one of its processes is concerned", () => {
    const two = smallWorld("timeline: [{ at: 40s, kill: stac }, { at: 41s, start: both }]").replace(
      "host:\n",
      "host:\n  processes: two\n",
    );
    expect(runScenario(scenario(two), { once: true }).verdict).toBe("pass");
  });

  test("what nobody does while something holds that never holds is inconclusive", () => {
    const during = "while: { listener: { id: dc1, state: silent } }";
    const silent = (at: string): string => `{ at: ${at}, listener: { id: dc1, state: silent } }`;
    const up = "{ at: 30s, listener: { id: dc1, state: up } }";
    const never = (window: string): string => `expect: [{ never: { disconnect: vol1, ${during} }${window} }]`;
    expect(real(never("")).failures.map(({ kind, observed }) => [kind, observed])).toEqual([
      ["unsettled", "the condition never held, so nothing was tested"],
    ]);
    expect(judged(`timeline: [${silent("20s")}, ${up}]\n${never(", from: 25s")}`).verdict).toBe("pass");
    expect(judged(`timeline: [${silent("20s")}, ${up}]\n${never(", from: 31s")}`).verdict).toBe("inconclusive");
    expect(judged(`timeline: [${silent("20s")}, ${up}]\n${never(", to: 10s")}`).verdict).toBe("inconclusive");
  });

  test("a span after a step that never came is inconclusive", () => {
    const never = "{ id: gone, when: { disconnected: vol1 }, disk: ok }";
    const { verdict, failures } = real(
      `timeline: [${never}]\nexpect: [{ within: 0s..1s, of: gone, connected: [vol1] }]`,
    );
    expect(verdict).toBe("inconclusive");
    expect(failures.map(({ name, observed }) => [name, observed])).toContainEqual([
      "within",
      "the step gone was never carried out",
    ]);
  });

  test("a run that is cut short leaves later expectations open", () => {
    const early = scenario(
      smallWorld("expect: [{ at: 50s, connected: [vol1] }, { throughout: 1s..50s, connected: [] }]"),
    );
    const { failures, verdict } = runScenario({ ...early, until: Milliseconds(40_000) }, { once: true });
    expect(verdict).toBe("inconclusive");
    expect(failures.map(({ observed }) => observed)).toEqual(["the run ended earlier", "the run ended earlier"]);
  });

  test("failures list expectations first and oracles second, each in their order", () => {
    const script: Script = (event, ports) => {
      if (event.kind === "control") ports.fabrics.connect(request(1), VOL1);
      if (event.kind === "fabrics-reply") throw new RangeError("broken");
    };
    const expect2 = "expect: [{ at: 50s, connected: [dc1] }, { at: 1s, connected: [dc1] }]";
    const { failures } = run(smallWorld(expect2), scripted(script));
    expect(failures.map(({ kind, name, line, at }) => [kind, name, line > 0, at >= 60_000])).toEqual([
      ["expectation", "connected", true, true],
      ["expectation", "connected", true, true],
      ["oracle", "no-crash", false, false],
      ["oracle", "no-orphan", false, true],
    ]);
    expect(failures[0]?.expected).toContain("50 s");
  });

  test("a step whose trigger never came makes the run inconclusive", () => {
    const { verdict, failures } = real("timeline: [{ when: { disconnected: vol1 }, disk: full }]");
    expect(verdict).toBe("inconclusive");
    expect(failures[0]).toMatchObject({ kind: "unsettled", name: "step" });
    expect(failures[0]?.line).toBeGreaterThan(1);
  });

  test("a condition of a never follows the time line", () => {
    const never = (state: string): string =>
      `timeline: [{ at: 10s, listener: { id: dc1, state: refuses } }]
expect: [{ never: { connect: [vol1], while: { listener: { id: dc1, state: ${state} } } } }]`;
    const late = scripted(connects(VOL1, 20_000));
    expect(named(run(smallWorld(never("refuses")), late), "never")).toHaveLength(1);
    expect(named(run(smallWorld(never("up")), late), "never")).toEqual([]);
  });
});

describe("triggers", () => {
  const gone = "remove-file: /etc/stas/stafd.conf, id: hit";
  /** The time at which the trace says that a step was carried out. */
  function hitAt(when: string, machinery = MACHINERY, after = ""): number | undefined {
    const text = smallWorld(`timeline: [{ when: ${when}${after}, ${gone} }]`);
    const { trace } = runScenario(scenario(text), { once: true, keepTrace: true, machinery });
    const line = trace.find((each) => each.includes('"step":"hit"'));
    const record: unknown = line === undefined ? undefined : JSON.parse(line);
    return typeof record === "object" && record !== null && "t" in record ? Number(record.t) : undefined;
  }

  test.each([
    ["{ connected: vol1 }"],
    ["{ connect-begin: vol1 }"],
    ["{ uevent: { action: add, device: nvme1 } }"],
    ["{ uevent: { event: connected } }"],
    ["{ call: fabrics.connect, phase: before }"],
    ["{ call: fabrics.connect, phase: before-reply, nth: 2 }"],
    ["{ call: store.write, phase: after }"],
  ])("fire at %s", (when) => {
    expect(hitAt(when)).toBeGreaterThanOrEqual(0);
  });

  test("never fire for an occurrence that never comes", () => {
    expect(hitAt("{ call: fabrics.connect, phase: before, nth: 1000 }")).toBeUndefined();
  });

  test("`before-reply` comes between the call and its answer, and `after` counts from the trigger", () => {
    const machinery = scripted(connects(DC1, 1000));
    const before = hitAt("{ call: fabrics.connect, phase: before }", machinery) ?? 0;
    const reply = hitAt("{ call: fabrics.connect, phase: before-reply }", machinery) ?? 0;
    expect(before).toBe(1000);
    expect(reply).toBeGreaterThan(before);
    expect(hitAt("{ call: fabrics.connect, phase: before }", machinery, ", after: 2s")).toBe(3000);
  });

  test("a process that is killed before an answer never sees it", () => {
    const seen: string[] = [];
    const machinery = scripted((event, ports) => {
      seen.push(event.kind);
      connects(VOL1, 1000)(event, ports);
    });
    const kill = "timeline: [{ when: { call: fabrics.connect, phase: before-reply }, kill: both }]";
    expect(run(smallWorld(kill), machinery).failures.filter(({ name }) => name === "step")).toEqual([]);
    expect(seen).not.toContain("fabrics-reply");
  });
});

describe("two runs", () => {
  test("give the same trace with the real core", () => {
    const first = runScenario(scenario(smallWorld()));
    expect(first.verdict).toBe("pass");
    expect(runScenario(scenario(smallWorld()), { once: true }).traceHash).toBe(first.traceHash);
  });

  test("that differ are reported with the first difference, both sides, and the records around it", () => {
    let calls = 0;
    const machinery = scripted((event, ports) => {
      if (event.kind === "control") ports.clock.arm(`timer ${String(++calls)}`, Milliseconds(1000));
    });
    const result = runScenario(scenario(smallWorld()), { machinery });
    expect(result.verdict).toBe("fail");
    const failure = result.failures.find(({ kind }) => kind === "determinism");
    expect(failure?.observed).toMatch(/^the traces differ from record \d+ on$/);
    expect(failure?.hints.some((line) => line.startsWith("1 ") && line.includes("timer 3"))).toBe(true);
    expect(failure?.hints.some((line) => line.startsWith("2 ") && line.includes("timer 4"))).toBe(true);
  });
});

describe("stopAt", () => {
  test("returns what each controller does and what the kernel has at that time", () => {
    const stopped = stopAt(scenario(smallWorld()), Milliseconds(50_000));
    expect(stopped.at).toBe(50_000);
    expect(stopped.controllers.map(({ service, state }) => `${service} ${state}`)).toEqual([
      "staf connected",
      "stac connected",
    ]);
    expect(stopped.connections.map(({ peer }) => peer)).toEqual(["dc1", "vol1"]);
    expect(stopped.pending).toEqual([]);
  });
});

describe("the JSON report", () => {
  test("has exactly its documented keys", () => {
    const report = jsonReport([real("expect: [{ at: 0s, connected: [vol1] }]")]);
    expect(Object.keys(report)).toEqual(["version", "verdict", "scenarios"]);
    expect(Object.keys(report.scenarios[0] ?? {})).toEqual([
      "file",
      "title",
      "verdict",
      "simulatedSeconds",
      "events",
      "traceHash",
      "failures",
    ]);
    expect(Object.keys(report.scenarios[0]?.failures[0] ?? {})).toEqual([
      "kind",
      "name",
      "file",
      "line",
      "atSeconds",
      "expected",
      "observed",
      "hints",
    ]);
    expect(report).toMatchObject({ version: 1, verdict: "fail", scenarios: [{ simulatedSeconds: 60 }] });
  });
});
