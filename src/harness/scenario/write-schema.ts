/** `npm run schema`: writes sim/scenario.schema.json anew. */
import { writeFileSync } from "node:fs";
import { jsonSchemaText } from "./schema/schema.js";

writeFileSync(new URL("../../../sim/scenario.schema.json", import.meta.url), jsonSchemaText());
