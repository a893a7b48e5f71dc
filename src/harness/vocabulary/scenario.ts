/** The whole of a scenario file, format 1. */
import { DEFAULT_SEED } from "../scenario/defaults.js";
import { expectationPart } from "./expectations/index.js";
import { list } from "./list.js";
import { optional, required, usual } from "./members.js";
import { titled, type ValueOf } from "./part.js";
import { integer, line, literal } from "./parts/scalars.js";
import { duration } from "./parts/times.js";
import { record } from "./record.js";
import { section } from "./section.js";
import { step } from "./timeline.js";
import { fabric } from "./world/fabric.js";
import { host } from "./world/host.js";
import { network } from "./world/network.js";

const expectation = titled("expectation", "What must be seen.", expectationPart);

/** A scenario file. */
export const scenario = record({
  format: required(literal(1, "1, the only format"), "Version of this format."),
  title: required(line("a title"), "What happens, in one line."),
  origin: optional(line("a text that says where this comes from"), "A bug report, a seed, a recording."),
  seed: usual(integer(0, 0xffff_ffff), DEFAULT_SEED, "Seed of every random stream."),
  host: section(host.part),
  network: section(network.part),
  fabric: section(fabric.part),
  timeline: usual(list(step, "a list of steps"), []),
  expect: usual(list(expectation, "a list of expectations"), []),
  until: optional(duration, "When the run ends; 60s after the last time mentioned if absent."),
});

/** A scenario as in its file: windows that end with the run are open, and actions may need the rest of the file. */
export type ScenarioDraft = ValueOf<typeof scenario>;
