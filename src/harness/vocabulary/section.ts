/** Sections of a file: records that may be absent. An absent section means the same as an empty one. */
import { z } from "zod";
import { type Field, usual } from "./members.js";
import type { Part } from "./part.js";

/** A key whose record has a usual value for each of its own keys. */
export function section<Value>(part: Part<Value>, note = ""): Field<Value, "usual", undefined> {
  return usual(part, z.decode(part.codec, {}), note);
}
