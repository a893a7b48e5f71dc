import { discoveryController } from "../parts/ids.js";
import { record } from "../record.js";
import { step } from "../word.js";
import { answers as answerList } from "../world/answer.js";

export const answers = step({
  key: "answers",
  target: "fabric",
  describe: "A discovery controller gives these answers from now on; the usual ones if the list is empty.",
  example: "answers: { dc: dc1, answers: [{ lid: 0x70, status: 0x6002 }] }",
  says: record({ dc: discoveryController, answers: answerList }),
});
