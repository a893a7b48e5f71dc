import { line } from "../parts/scalars.js";
import { record } from "../record.js";
import { step } from "../word.js";
import { nameAnswer } from "../world/name-answer.js";

export const name = step({
  key: "name",
  target: "names",
  describe: "The resolver answers differently for a name from now on.",
  example: "name: { name: array.example, answer: fails }",
  says: record({ name: line("a host name"), answer: nameAnswer.part }),
});
