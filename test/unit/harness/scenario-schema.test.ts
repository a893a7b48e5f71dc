import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TARGETS } from "../../../src/adapters/sim/actions.js";
import { jsonSchemaText } from "../../../src/harness/vocabulary/json-schema.js";
import { referenceText } from "../../../src/harness/vocabulary/reference.js";
import { STEPS } from "../../../src/harness/vocabulary/steps/index.js";
import { ACTION_KEYS } from "../../../src/harness/vocabulary/timeline.js";
import { EXAMPLES, good } from "./scenario-helpers.js";

function published(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
}

describe("the output of `npm run schema`", () => {
  it("equals the published JSON Schema", () => {
    expect(published("sim/scenario.schema.json") === jsonSchemaText(), "sim/scenario.schema.json is stale").toBe(true);
  });

  it("equals the published reference", () => {
    expect(published("docs/scenario-reference.md") === referenceText(), "docs/scenario-reference.md is stale").toBe(
      true,
    );
  });

  it("describes and bounds every step", () => {
    const text = jsonSchemaText();
    for (const key of ACTION_KEYS) expect(text).toContain(`"${key}"`);
    const schema: unknown = JSON.parse(text);
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: ["format", "title"],
      definitions: {
        step: {
          additionalProperties: false,
          allOf: [
            { oneOf: [{ required: ["at"] }, { required: ["when"] }] },
            { oneOf: ACTION_KEYS.map((key) => ({ required: [key] })) },
          ],
        },
      },
    });
  });
});

describe("the steps", () => {
  it("cover every action of the world, each with its target", () => {
    expect(Object.fromEntries(STEPS.map(({ key, target }) => [key, target]))).toEqual(TARGETS);
  });
});

describe("the documentation", () => {
  it("has valid examples", () => {
    expect(EXAMPLES).toHaveLength(2);
    for (const example of EXAMPLES) good(example);
  });
});
