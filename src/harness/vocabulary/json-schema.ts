/** The JSON Schema of scenario files, for editors. */
import { z } from "zod";
import { isRecord } from "./part.js";
import { scenario } from "./scenario.js";

/** The published JSON Schema (draft 7, which editors know best), as the text of its file. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(scenario.codec, { io: "input", target: "draft-7" });
  const titled = { ...schema, title: "stas scenario, format 1" };
  return `${JSON.stringify(titled, withOwnNotes, 2)}\n`;
}

/** Draft 7 ignores everything beside a `$ref`, so the reference of a key with notes moves into an `allOf`. */
function withOwnNotes(_key: string, value: unknown): unknown {
  if (!isRecord(value) || !("$ref" in value) || Object.keys(value).length === 1) return value;
  const { $ref, ...notes } = value;
  return { ...notes, allOf: [{ $ref }] };
}
