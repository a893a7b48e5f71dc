import { describe, expect, it } from "vitest";
import { ALIASES_MAX, FILE_CHARACTERS_MAX, PROBLEMS_MAX } from "../../../src/harness/scenario/document.js";
import { bad, WORLD } from "./scenario-helpers.js";

/** The problems of one step or expectation, on line 10 of a file. */
function inList(key: "timeline" | "expect", record: string) {
  return bad(`${WORLD}${key}:\n  - ${record}\n`);
}

/** Class of fault, the record on line 10, path, part of what was expected, what was found. */
type Fault = [fault: string, record: string, path: string, expected: string, found?: string];

const STEPS: readonly Fault[] = [
  ["misspelt action", "{ at: 1s, strat: staf }", "timeline[0].strat", "start, or another of the keys id, at"],
  ["unknown action", "{ at: 1s, explode: staf }", "timeline[0].explode", "one of the keys id, at"],
  ["no action", "{ at: 1s }", "timeline[0]", "an action: one of the keys link"],
  ["two actions", "{ at: 1s, start: staf, stop: stac }", "timeline[0].stop", "one action per step, which is start"],
  ["no time", "{ start: staf }", "timeline[0]", "a time (at) or an event (when)"],
  ["two times", "{ at: 1s, when: { connected: dc1 }, start: staf }", "timeline[0].when", "either at or when"],
  ["after with a time", "{ at: 1s, after: 1s, start: staf }", "timeline[0].after", "after only with when"],
  ["a number instead of a time", "{ at: 60, start: staf }", "timeline[0].at", "a duration", "60"],
  ["a fraction of a millisecond", "{ at: 0.5ms, start: staf }", "timeline[0].at", "a duration in whole", '"0.5ms"'],
  ["an empty action", "{ at: 1s, start: }", "timeline[0].start", "one of staf, stac, both", "nothing"],
  ["an unknown choice", "{ at: 1s, disk: fat }", "timeline[0].disk", "one of ok, full, read-only, torn", '"fat"'],
  ["unknown peer", "{ at: 1s, remove-device: dc2 }", "timeline[0].remove-device", "in this file: dc1, vol1", '"dc2"'],
  [
    "a subsystem instead of a DC",
    "{ at: 1s, aen: vol1 }",
    "timeline[0].aen",
    "a discovery controller in this file: dc1",
  ],
  [
    "a DC instead of a subsystem",
    "{ at: 1s, list: { dc: dc1, entries: [dc1] } }",
    "timeline[0].list.entries[0]",
    "subsystem",
  ],
  ["unknown interface", "{ at: 1s, remove-interface: eth9 }", "timeline[0].remove-interface", "in this file: eth0"],
  ["unknown responder", "{ at: 1s, goodbye: r9 }", "timeline[0].goodbye", "but this file has none"],
  ["unknown responder to announce", "{ at: 1s, announce: r9 }", "timeline[0].announce", "the id of a responder"],
  ["unknown step", "{ when: { step: x }, start: staf }", "timeline[0].when.step", "a step, but this file has none"],
  [
    "a step that waits for itself",
    "{ id: a, when: { step: a }, start: staf }",
    "timeline[0].when.step",
    "does not wait",
  ],
  [
    "unknown call",
    "{ when: { call: disk.format }, start: staf }",
    "timeline[0].when.call",
    "one of fabrics.readOptions",
  ],
  [
    "reply of a call without one",
    "{ when: { call: bus.emit, phase: before-reply }, start: staf }",
    "timeline[0].when.phase",
    "bus.emit has no reply",
  ],
  ["unknown event", "{ when: { eclipse: dc1 }, start: staf }", "timeline[0].when", "one of { call }, { step }"],
  [
    "an unknown key inside",
    "{ at: 1s, link: { interface: eth0, state: up, x: 1 } }",
    "timeline[0].link.x",
    "interface, state",
  ],
  [
    "a missing key inside",
    "{ at: 1s, link: { interface: eth0 } }",
    "timeline[0].link.state",
    "one of up, down, silent",
    "nothing",
  ],
  [
    "listener out of range",
    "{ at: 1s, listener: { id: dc1, state: up, index: 1 } }",
    "timeline[0].listener.index",
    "1 addresses of dc1",
  ],
  [
    "an interface without MAC",
    "{ at: 1s, interface: { name: e9, addresses: [] } }",
    "timeline[0].interface.mac",
    "the MAC address",
  ],
  [
    "a bad address",
    "{ at: 1s, interface: { name: eth0, addresses: [10.0.0.1/33] } }",
    "timeline[0].interface.addresses[0]",
    "prefix length",
  ],
  ["an unsigned clock step", "{ at: 1s, wall-clock: 1h }", "timeline[0].wall-clock", "a duration with a sign"],
  ["a relative path", "{ at: 1s, remove-file: etc/x }", "timeline[0].remove-file", "an absolute path"],
  ["a path with ..", "{ at: 1s, remove-file: /etc/../x }", "timeline[0].remove-file", "an absolute path"],
];

const EXPECTATIONS: readonly Fault[] = [
  ["unknown kind", "{ at: 3s, glows: [dc1] }", "expect[0]", "one of { at, connected }, { at, disconnected }"],
  [
    "unknown controller",
    "{ at: 3s, connected: [dc1, dc2] }",
    "expect[0].connected[1]",
    "in this file: dc1, vol1",
    '"dc2"',
  ],
  ["unknown interface", "{ at: 3s, connected: dc1@eth9 }", "expect[0].connected", "in this file: eth0", '"dc1@eth9"'],
  [
    "a range that ends before it begins",
    "{ throughout: 9s..3s, connected: dc1 }",
    "expect[0].throughout",
    "the first not after the second",
  ],
  ["unknown step", "{ within: 1s..2s, of: gone, connected: dc1 }", "expect[0].of", "the name of a step", '"gone"'],
  ["unknown service", "{ at: 1s, process: { name: stad } }", "expect[0].process.name", "one of staf, stac", '"stad"'],
  [
    "unknown state",
    "{ at: 1s, state: { controller: dc1, service: staf, state: happy } }",
    "expect[0].state.state",
    "one of queued",
  ],
  ["no bound", "{ count: { connects: dc1 } }", "expect[0]", "one of the keys is, at-most, at-least"],
  [
    "two bounds",
    "{ count: { connects: dc1 }, is: 1, at-most: 2 }",
    "expect[0].at-most",
    "only one of is, at-most, at-least",
  ],
  ["a negative bound", "{ count: { connects: dc1 }, is: -1 }", "expect[0].is", "an integer from 0", "-1"],
  [
    "an unknown key",
    "{ count: { connects: dc1 }, is: 1, excatly: true }",
    "expect[0].excatly",
    "one of the keys count",
  ],
  ["an unknown count", "{ count: { sheep: dc1 }, is: 1 }", "expect[0].count", "one of { connects }"],
  [
    "a bad regular expression",
    "{ log: { matches: '(' }, is: 0 }",
    "expect[0].log.matches",
    "a regular expression",
    '"("',
  ],
  [
    "a window that ends before it begins",
    "{ never: { connect: dc1 }, from: 2s, to: 1s }",
    "expect[0].to",
    "a time not before from",
  ],
  ["an empty condition", "{ never: { connect: dc1, while: {} } }", "expect[0].never.while", "one of { link }"],
  [
    "text in an absent file",
    "{ at: 1s, file: { path: /x, exists: false, contains: a } }",
    "expect[0].file.contains",
    "only for a file that exists",
  ],
  [
    "status of a running process",
    "{ at: 1s, process: { name: staf, running: true, status: 0 } }",
    "expect[0].process.status",
    "not running",
  ],
];

describe.each([
  { key: "timeline", faults: STEPS },
  { key: "expect", faults: EXPECTATIONS },
] as const)("in $key", ({ key, faults }) => {
  it.each(faults.map((fault) => ({ name: fault[0], fault })))("$name", ({ fault }) => {
    const [, record, path, expected, found] = fault;
    const problems = inList(key, record);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ file: "bad.yaml", line: 10, path });
    expect(problems[0]?.expected).toContain(expected);
    if (found !== undefined) expect(problems[0]?.found).toBe(found);
  });
});

describe("places", () => {
  it("points at the exact value", () => {
    expect(bad("format: 1\ntitle: t\nhost:\n  kernel: { version: 6.12 }\n")).toEqual([
      {
        file: "bad.yaml",
        line: 4,
        column: 22,
        path: "host.kernel.version",
        expected: "one of 5.14, 6.1, 6.12",
        found: "6.12",
      },
    ]);
  });

  it("points at the record that lacks a key", () => {
    const [problem] = bad("format: 1\ntitle: t\nfabric:\n  subsystems:\n    - id: a\n      nqn: nqn.x\n");
    expect(problem).toMatchObject({ line: 5, column: 7, path: "fabric.subsystems[0].listen", found: "nothing" });
  });

  it("points at an unknown key, and reports several problems at once", () => {
    const problems = bad("format: 2\ntitle: 3\nfoo: 1\n");
    expect(problems.map(({ line, column, path }) => [line, column, path])).toEqual([
      [1, 9, "format"],
      [2, 8, "title"],
      [3, 1, "foo"],
    ]);
  });
});

describe("a step that lacks both", () => {
  it("is told of each", () => {
    expect(inList("timeline", "{ id: a }").map(({ path, expected }) => [path, expected.slice(0, 12)])).toEqual([
      ["timeline[0]", "a time (at) "],
      ["timeline[0]", "an action: o"],
    ]);
  });
});

describe("steps that wait for each other", () => {
  it("are reported once per circle, wherever a chain enters it", () => {
    const text = `${WORLD}timeline:
  - { id: in, when: { step: a }, start: staf }
  - { id: a, when: { step: b }, start: staf }
  - { id: b, when: { step: a }, start: staf }
`;
    expect(bad(text)).toMatchObject([{ line: 12, path: "timeline[2].when.step", found: '"a"' }]);
  });
});

describe("ids", () => {
  it("are unique among peers", () => {
    const text = WORLD.replace("id: vol1, nqn", "id: dc1, nqn").replace("entries: [vol1]", "entries: []");
    expect(bad(text)).toMatchObject([{ line: 7, path: "fabric.subsystems[0].id", expected: "an id not used before" }]);
  });

  it("are not device names", () => {
    expect(bad(WORLD.replace("{ id: vol1", "{ id: nvme3"))[0]).toMatchObject({
      line: 7,
      path: "fabric.subsystems[0].id",
    });
  });

  it("are unique among steps", () => {
    const text = `${WORLD}timeline:\n  - { id: a, at: 1s, start: staf }\n  - { id: a, at: 2s, start: staf }\n`;
    expect(bad(text)).toMatchObject([{ line: 11, path: "timeline[1].id" }]);
  });

  it("of interfaces are unique, and each interface has one link", () => {
    const twice = "[{ name: e, addresses: [] }, { name: e, addresses: [] }]";
    expect(bad(`${WORLD}host:\n  interfaces: ${twice}\n`)).toMatchObject([
      { line: 10, path: "host.interfaces[1].name" },
    ]);
    const links = "[{ interface: eth0 }, { interface: eth0 }]";
    expect(bad(`${WORLD}network:\n  links: ${links}\n`)).toMatchObject([{ path: "network.links[1].interface" }]);
  });
});

describe("times after until", () => {
  it.each([
    ["timeline:\n  - { at: 11m, start: staf }\n", "timeline[0].at"],
    ["expect:\n  - { at: 11m, connected: dc1 }\n", "expect[0].at"],
    ["expect:\n  - { throughout: 1m..11m, connected: dc1 }\n", "expect[0].throughout"],
    ["expect:\n  - { count: { connects: dc1 }, is: 1, to: 11m }\n", "expect[0].to"],
    ["expect:\n  - { settled: 11m }\n", "expect[0].settled"],
  ])("are refused: %j", (text, path) => {
    const problems = bad(`${WORLD}until: 10m\n${text}`);
    expect(problems).toMatchObject([{ line: 11, path, expected: "a time not after until, which is 10m" }]);
  });

  it("are refused for a span after a step", () => {
    const text = `${WORLD}until: 10m
timeline:
  - { id: a, at: 9m, start: staf }
expect:
  - { within: 0s..2m, of: a, connected: dc1 }
`;
    expect(bad(text)).toMatchObject([{ line: 13, path: "expect[0].within" }]);
  });
});

describe("YAML that is not valid, or not only plain values", () => {
  it.each([
    ["an empty file", "", 1, "a record with keys among format"],
    ["an open bracket", "format: 1\ntitle: [\n", 3, "valid YAML"],
    ["two documents", "format: 1\n---\nformat: 1\n", 2, "one YAML document"],
    ["a key given twice", "format: 1\ntitle: a\ntitle: b\n", 3, "each key once"],
    ["a key that is a list", "? [a]\n: b\n", 1, "a key that is text"],
    ["the key of every prototype", "format: 1\n__proto__: { a: 1 }\n", 2, "a key that is text"],
    ["a tag", "format: 1\ntitle: !js/function x\n", 2, "valid YAML"],
    ["an alias without an anchor", "format: 1\ntitle: *a\n", 2, "an alias of an anchor above"],
    ["a date of YAML 1.1", "%YAML 1.1\n---\ntitle: 2001-12-14\n", 3, "text, a number"],
    ["an alias that holds itself", "title: &a [*a]\n", 1, "nested at most 32 deep"],
    ["brackets without end", "[".repeat(50_000), 1, "nested at most 32 deep"],
    ["keys without end", "? ".repeat(50_000), 1, "nested at most 32 deep"],
    ["lists without end", "- ".repeat(50_000), 1, "nested at most 32 deep"],
    ["a file too long", `# ${"x".repeat(FILE_CHARACTERS_MAX)}`, 1, "a file of at most"],
  ])("%s", (_, text, line, expected) => {
    const [problem] = bad(text);
    expect(problem?.line).toBe(line);
    expect(problem?.expected).toContain(expected);
  });

  it("counts aliases, including aliases of aliases", () => {
    const many = `title: t\na: &a x\nb: [${"*a, ".repeat(ALIASES_MAX + 1)}]\n`;
    expect(bad(many)).toMatchObject([{ line: 3, expected: `at most ${ALIASES_MAX} aliases` }]);
    const lines = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}]`);
    expect(bad(`l0: &l0 [x]\n${lines.join("\n")}\n`)).toHaveLength(1);
  });

  it("lists a bounded number of problems", () => {
    const text = `${WORLD}timeline:\n${"  - { at: 1s, x: 1 }\n".repeat(PROBLEMS_MAX + 10)}`;
    expect(bad(text)).toHaveLength(PROBLEMS_MAX);
  });
});
