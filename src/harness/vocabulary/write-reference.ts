/** `npm run schema`: writes sim/scenario.schema.json and docs/scenario-reference.md from the words. */
import { writeFileSync } from "node:fs";
import { jsonSchemaText } from "./json-schema.js";
import { referenceText } from "./reference.js";

function write(path: string, text: string): void {
  writeFileSync(new URL(`../../../${path}`, import.meta.url), text);
}

write("sim/scenario.schema.json", jsonSchemaText());
write("docs/scenario-reference.md", referenceText());
