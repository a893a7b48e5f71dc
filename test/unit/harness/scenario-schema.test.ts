import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LIFE_STATES } from "../../../src/harness/scenario/names.js";
import { expectations } from "../../../src/harness/scenario/schema/expect.js";
import { jsonSchemaText } from "../../../src/harness/scenario/schema/schema.js";
import { ACTION_KEYS } from "../../../src/harness/scenario/schema/timeline.js";
import { ACTIONS, EXPECTATIONS } from "./scenario-arbitrary.js";
import { DOCUMENTATION, EXAMPLES, good } from "./scenario-helpers.js";

describe("the published JSON Schema", () => {
  it("is that of the definition (npm run schema makes it anew)", () => {
    const published = readFileSync(new URL("../../../sim/scenario.schema.json", import.meta.url), "utf8");
    expect(published === jsonSchemaText(), "sim/scenario.schema.json is stale").toBe(true);
  });

  it("describes and bounds every step", () => {
    const text = jsonSchemaText();
    for (const key of ACTION_KEYS) expect(text).toContain(`"${key}"`);
    const schema: unknown = JSON.parse(text);
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: ["format", "title"],
      definitions: {
        step: { additionalProperties: false, allOf: [{}, { oneOf: ACTION_KEYS.map((key) => ({ required: [key] })) }] },
      },
    });
  });
});

describe("the definition", () => {
  it("has a key for every action of the world and every expectation", () => {
    expect([...ACTION_KEYS].sort()).toEqual(Object.keys(ACTIONS).sort());
    expect(Object.keys(expectations).sort()).toEqual(Object.keys(EXPECTATIONS).sort());
  });
});

describe("the documentation", () => {
  it("has examples that are right", () => {
    expect(EXAMPLES).toHaveLength(2);
    for (const example of EXAMPLES) good(example);
  });

  it.each(ACTION_KEYS)("explains the action %s in a row of its own", (key) => {
    expect(DOCUMENTATION).toMatch(new RegExp(`^\\| \`${key}: `, "m"));
  });

  it.each(Object.keys(expectations))("explains the expectation %s", (key) => {
    expect(DOCUMENTATION).toMatch(new RegExp(`^\\| \`\\{.*\\b${key}: .*\\}\` +\\|`, "m"));
  });

  it.each(["call", "step", "uevent", "connected", "disconnected", "connect-begin", "file-written"])(
    "explains the event %s",
    (key) => {
      expect(DOCUMENTATION).toMatch(new RegExp(`^\\| \`\\{ ${key}: `, "m"));
    },
  );

  it.each([
    "connects",
    "disconnects",
    "probes",
    "log-reads",
    "registrations",
    "calls",
    "reconciles",
    "unit-restarts",
    "crashes",
    ...LIFE_STATES,
  ])("names %s", (word) => {
    expect(DOCUMENTATION).toContain(`\`${word}\``);
  });
});
