import { discoveryController } from "../parts/ids.js";
import { record } from "../record.js";
import { step } from "../word.js";
import { answers as answerList } from "../world/answer.js";

export const answers = step({
  key: "answers",
  target: "fabric",
  describe: "From now on, a discovery controller gives these answers. An empty list makes it answer as usual.",
  example: "answers: { dc: dc1, answers: [{ lid: 0x70, status: 0x6002 }] }",
  says: record({ dc: discoveryController, answers: answerList }),
});
