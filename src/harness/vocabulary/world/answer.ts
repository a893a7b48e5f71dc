import type { AnswerSpec } from "../../../adapters/sim/spec.js";
import { list } from "../list.js";
import { optional } from "../members.js";
import { integer, times } from "../parts/scalars.js";
import { duration } from "../parts/times.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

export const answer = worldWord<AnswerSpec>({
  key: "answer",
  place: "answers of a discovery controller, the step answers",
  describe: "An unusual answer to an admin command.",
  example: "{ opcode: 0x21, after: 5s, times: 2 }",
  says: record({
    lid: optional(integer(0, 0xff), "Log page identifier, for Get Log Page."),
    opcode: optional(integer(0, 0xff), "Opcode of the admin command."),
    status: optional(integer(0, 0xffff), "NVMe status to answer with, such as 0x6002."),
    errno: optional(integer(1, 4_095), "errno to answer with."),
    numrec: optional(integer(0, Number.MAX_SAFE_INTEGER), "The header claims this many records."),
    times: optional(times, "How often this answer is given; always if absent."),
    after: optional(duration, "How long the answer takes."),
    "genctr-moves": optional(integer(0, 1_000_000), "How often the generation counter changes between two reads."),
  }),
});

export const answers = list(answer.part, "a list of answers");
