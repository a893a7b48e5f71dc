import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { CONDITIONS } from "../../../src/harness/vocabulary/conditions/index.js";
import { COUNTS } from "../../../src/harness/vocabulary/counts/index.js";
import { EXPECTATIONS } from "../../../src/harness/vocabulary/expectations/index.js";
import { bound, END_OF_RUN, window } from "../../../src/harness/vocabulary/expectations/window.js";
import type { Cast, Mention } from "../../../src/harness/vocabulary/mentions.js";
import type { Part } from "../../../src/harness/vocabulary/part.js";
import { record } from "../../../src/harness/vocabulary/record.js";
import { STEPS } from "../../../src/harness/vocabulary/steps/index.js";
import { WORLD } from "../../../src/harness/vocabulary/world/index.js";

const CAST: Cast = {
  names: {
    "discovery-controller": ["dc1", "dc2"],
    subsystem: ["vol1", "vol2"],
    device: ["nvme9"],
    interface: ["eth0", "eth1"],
    responder: ["r1"],
    step: ["gone"],
  },
  until: Milliseconds(3_600_000),
};

const WORDS = [...STEPS, ...EXPECTATIONS, ...COUNTS, ...CONDITIONS, ...WORLD];

/** What stands under the key of a step, or the whole record of another word. */
function spelling(key: string, example: string): unknown {
  const value: unknown = parse(example);
  return typeof value === "object" && value !== null && !example.startsWith("{") ? Reflect.get(value, key) : value;
}

function mentionsOf(part: Part<unknown>, value: unknown): [Mention, string][] {
  const told: [Mention, string][] = [];
  part.mentions(value, [], (mention, path) => told.push([mention, path.join(".")]));
  return told;
}

describe.each(WORDS.map((word) => [word.key, word] as const))("the word %s", (key, word) => {
  it("has an example that its codec reads and writes", () => {
    const value = z.decode(word.part.codec, spelling(key, word.example));
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

describe("mentions", () => {
  it("are told with their place", () => {
    const [listener] = STEPS.filter(({ key }) => key === "listener");
    expect(mentionsOf(listener!.part, { id: "dc1", state: "up", index: 2 })).toEqual([
      [
        {
          kind: "reference",
          to: ["discovery-controller", "subsystem"],
          what: "a discovery controller or subsystem",
          name: "dc1",
        },
        "id",
      ],
      [{ kind: "listener", peer: "dc1", index: 2 }, "index"],
    ]);
  });

  it("are told for the spelling that the file has", () => {
    const [connected] = EXPECTATIONS;
    const alone = mentionsOf(connected.part, { at: "1s", connected: "dc1" });
    const listed = mentionsOf(connected.part, { at: "1s", connected: ["dc1@eth0"] });
    expect(alone.map(([{ kind }, path]) => [kind, path])).toEqual([
      ["time", "at"],
      ["reference", "connected"],
    ]);
    expect(listed.map(([{ kind }, path]) => [kind, path])).toEqual([
      ["time", "at"],
      ["reference", "connected.0"],
      ["reference", "connected.0"],
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
