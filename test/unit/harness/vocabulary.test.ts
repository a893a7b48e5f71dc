import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { CONDITIONS } from "../../../src/harness/vocabulary/conditions/index.js";
import { COUNTS } from "../../../src/harness/vocabulary/counts/index.js";
import { EXPECTATIONS } from "../../../src/harness/vocabulary/expectations/index.js";
import { formatPath } from "../../../src/harness/scenario/document.js";
import { bound, END_OF_RUN, window } from "../../../src/harness/vocabulary/expectations/window.js";
import { CAST } from "../../../src/harness/vocabulary/generate.js";
import type { Tell } from "../../../src/harness/vocabulary/mentions.js";
import type { Part } from "../../../src/harness/vocabulary/part.js";
import { record } from "../../../src/harness/vocabulary/record.js";
import { STEPS } from "../../../src/harness/vocabulary/steps/index.js";
import { TRIGGERS } from "../../../src/harness/vocabulary/triggers/index.js";
import type { Word } from "../../../src/harness/vocabulary/word.js";
import { WORLD } from "../../../src/harness/vocabulary/world/index.js";
import { bad, good } from "./scenario-helpers.js";

/** Where a word stands in a file, and where its own spelling begins in that file. */
interface Place {
  readonly text: (example: string) => string;
  readonly path: readonly (string | number)[];
}

/** Everything that the examples name. */
const WORLD_OF_EXAMPLES = `format: 1
title: t
host: { interfaces: [{ name: eth0, addresses: [] }, { name: eth1, addresses: [] }] }
network: { responders: [{ id: r1, interface: eth0, addresses: [] }] }
fabric:
  discovery-controllers: [{ id: dc1, listen: 192.168.1.20:8009 }]
  subsystems: [{ id: vol1, nqn: nqn.2023-01.example:vol1, listen: 192.168.1.30:4420 }]
`;

const STEP: Place = { text: (example) => `timeline: [{ id: gone, at: 0s, ${example} }]\n`, path: ["timeline", 0] };
const EVENT: Place = {
  text: (example) => `timeline: [{ id: gone, at: 0s, start: both }, { when: ${example}, start: both }]\n`,
  path: ["timeline", 1, "when"],
};
const EXPECTATION: Place = {
  text: (example) => `timeline: [{ id: gone, at: 0s, start: both }]\nexpect: [${example}]\n`,
  path: ["expect", 0],
};
const COUNT: Place = { text: (example) => `expect: [{ count: ${example}, is: 0 }]\n`, path: ["expect", 0, "count"] };
const CONDITION: Place = {
  text: (example) => `expect: [{ never: { connect: [], while: ${example} } }]\n`,
  path: ["expect", 0, "never", "while"],
};

const PLACED: readonly (readonly [Word, Place])[] = [
  ...STEPS.map((word) => [word, STEP] as const),
  ...TRIGGERS.map((word) => [word, EVENT] as const),
  ...EXPECTATIONS.map((word) => [word, EXPECTATION] as const),
  ...COUNTS.map((word) => [word, COUNT] as const),
  ...CONDITIONS.map((word) => [word, CONDITION] as const),
];

const WORDS: readonly Word[] = [...PLACED.map(([word]) => word), ...WORLD];

/** The words of steps give their key in the example, because it stands in a record with other keys. */
function isStep(word: Word): boolean {
  return STEPS.some((step) => step === word);
}

/** What the codec of a word reads from its example. */
function spelling(word: Word): unknown {
  const value: unknown = parse(word.example);
  return isStep(word) ? (value as Record<string, unknown>)[word.key] : value;
}

function mentionsOf(part: Part<unknown>, value: unknown): Parameters<Tell>[] {
  const told: Parameters<Tell>[] = [];
  part.mentions(value, [], (...mention) => told.push(mention));
  return told;
}

describe.each(WORDS.map((word) => [word.key, word] as const))("the word %s", (_, word) => {
  it("has an example that its codec reads and writes", () => {
    const value = z.decode(word.part.codec, spelling(word));
    expect(z.decode(word.part.codec, z.encode(word.part.codec, value))).toEqual(value);
  });

  it("writes what it generates, and reads it as the same", () => {
    const { codec } = word.part;
    fc.assert(
      fc.property(word.part.arbitrary(fc, CAST), (value) => {
        const written: unknown = JSON.parse(JSON.stringify(z.encode(codec, value)));
        expect(z.decode(codec, written)).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  it("shows itself as a JSON Schema of the spelling", () => {
    expect(() => z.toJSONSchema(word.part.codec, { io: "input", target: "draft-7" })).not.toThrow();
  });
});

describe.each(PLACED.map(([word, place]) => [word.key, word, place] as const))("in a file, %s", (_, word, place) => {
  it("is read as in its example", () => {
    expect(good(`${WORLD_OF_EXAMPLES}${place.text(word.example)}`)).toBeDefined();
  });

  it("has each unknown name reported at its place", () => {
    const document: unknown = parse(`${WORLD_OF_EXAMPLES}${place.text(word.example)}`);
    const own = isStep(word) ? [...place.path, word.key] : place.path;
    for (const [mention, path, point] of mentionsOf(word.part, spelling(word))) {
      if (mention.kind !== "reference") continue;
      const isKey = point === "key";
      const at = isKey ? [...own, ...path.slice(0, -1), "nobody"] : [...own, ...path];
      const name = isKey ? "nobody" : String(valueAt(document, at)).replace(mention.name, "nobody");
      const renamed = isKey ? withKey(document, [...own, ...path], name) : withValue(document, at, name);
      const [problem, ...others] = bad(stringify(renamed));
      expect(problem).toMatchObject({ path: formatPath(at), found: JSON.stringify(name) });
      expect(problem?.expected).toContain(mention.what);
      expect(others).toEqual([]);
    }
  });
});

describe("the words", () => {
  it("do not load fast-check: a generator takes it as a parameter", () => {
    const folder = new URL("../../../src/harness/", import.meta.url);
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    // The command fuzz loads its campaign, and with it fast-check, when it is given.
    const loading = sources
      .filter((name) => !name.startsWith("fuzz/"))
      .filter((name) => /^import (?!type ).*"fast-check"/m.test(readFileSync(new URL(name, folder), "utf8")));
    expect(sources.length).toBeGreaterThan(100);
    expect(loading).toEqual([]);
  });
});

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce((at: unknown, key) => (at as Record<string, unknown>)[key], value);
}

/** A copy with another value at a path. */
function withValue(value: unknown, path: readonly (string | number)[], to: unknown): unknown {
  const copy = structuredClone(value);
  (valueAt(copy, path.slice(0, -1)) as Record<string, unknown>)[path.at(-1)!] = to;
  return copy;
}

/** A copy with another name for the last key of a path. */
function withKey(value: unknown, path: readonly (string | number)[], name: string): unknown {
  const { [path.at(-1)!]: moved, ...others } = valueAt(value, path.slice(0, -1)) as Record<string, unknown>;
  return withValue(value, path.slice(0, -1), { ...others, [name]: moved });
}

describe("mentions", () => {
  it("are reported with their place", () => {
    const [listener] = STEPS.filter(({ key }) => key === "listener");
    expect(mentionsOf(listener!.part, { id: "dc1", state: "up", index: 2 })).toEqual([
      [
        {
          kind: "reference",
          to: ["discovery-controller", "subsystem"],
          what: "a discovery controller or subsystem",
          name: "dc1",
        },
        ["id"],
      ],
      [{ kind: "listener", peer: "dc1", index: 2 }, ["index"]],
    ]);
  });

  it("are reported for the spelling in the file", () => {
    const [connected] = EXPECTATIONS;
    const alone = mentionsOf(connected.part, { at: "1s", connected: "dc1" });
    const listed = mentionsOf(connected.part, { at: "1s", connected: ["dc1@eth0"] });
    expect(alone.map(([{ kind }, path]) => [kind, path])).toEqual([
      ["time", ["at"]],
      ["reference", ["connected"]],
    ]);
    expect(listed.map(([{ kind }, path]) => [kind, path])).toEqual([
      ["time", ["at"]],
      ["reference", ["connected", 0]],
      ["reference", ["connected", 0]],
    ]);
  });
});

describe("keys that belong together", () => {
  const part = record({ window, bound });

  it("make one value", () => {
    expect(z.decode(part.codec, { from: "1s", to: "2s", is: 3 })).toEqual({
      window: { from: 1_000, to: 2_000 },
      bound: { kind: "is", count: 3 },
    });
    expect(
      z.encode(part.codec, { window: { from: Milliseconds(0), to: END_OF_RUN }, bound: { kind: "is", count: 3 } }),
    ).toEqual({ is: 3 });
  });

  it.each([
    [{}, [], "one of the keys is, at-most, at-least"],
    [{ is: 1, "at-most": 2 }, ["at-most"], "only one of is, at-most, at-least"],
    [{ from: "2s", to: "1s", is: 1 }, ["to"], "a time not before from"],
  ])("complain of %j", (spelt, path, message) => {
    expect(z.safeDecode(part.codec, spelt).error?.issues).toMatchObject([{ path, message }]);
  });
});
